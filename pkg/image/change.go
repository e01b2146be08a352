package image

import (
	"encoding/json"
	"maps"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// change applies one line of a Dockerfile, of those that docker's commit knows,
// and STOPSIGNAL and HEALTHCHECK.
func (s *settings) change(line string) error {
	if !utf8.ValidString(line) {
		return errs.New(errs.Invalid, "not UTF-8, which an image's config is")
	}
	name, rest, err := parse.Instruction(line)
	if err != nil {
		return err
	}
	if rest == "" {
		return errs.New(errs.Invalid, "nothing follows %s", name)
	}
	switch name {
	case "CMD":
		s.Cmd = parse.CommandLine(rest)
	case "ENTRYPOINT":
		s.Entrypoint = parse.CommandLine(rest)
	case "ENV":
		return pairs(rest, func(k, v string) { s.setEnv(k, v) })
	case "LABEL":
		own := map[string]string{}
		maps.Copy(own, s.Labels)
		s.Labels = own
		return pairs(rest, func(k, v string) { own[k] = v })
	case "EXPOSE":
		return s.expose(rest)
	case "ONBUILD":
		s.OnBuild = append(s.OnBuild, rest)
	case "USER":
		s.User, err = parse.User(rest)
	case "VOLUME":
		return s.volume(rest)
	case "WORKDIR":
		if !path.IsAbs(rest) {
			rest = path.Join("/", s.WorkingDir, rest)
		}
		s.WorkingDir = path.Clean(rest)
	case "STOPSIGNAL":
		s.StopSignal = rest
		_, err = parse.Signal(rest)
	case "HEALTHCHECK":
		s.Healthcheck, err = readHealthcheck(rest)
	default:
		return errs.New(errs.Invalid, "%s is not a valid change command: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR", name)
	}
	return err
}

func pairs(rest string, set func(k, v string)) error {
	list, err := parse.Pairs(rest)
	for _, p := range list {
		set(p[0], p[1])
	}
	return err
}

func (s *settings) setEnv(key, value string) {
	own := make([]string, 0, len(s.Env)+1)
	done := false
	for _, kv := range s.Env {
		if strings.HasPrefix(kv, key+"=") {
			kv, done = key+"="+value, true
		}
		own = append(own, kv)
	}
	if !done {
		own = append(own, key+"="+value)
	}
	s.Env = own
}

func (s *settings) expose(rest string) error {
	for w := range strings.FieldsSeq(rest) {
		ports, err := parse.Expose(w)
		if err != nil {
			return err
		}
		for _, p := range ports {
			s.ExposedPorts[strconv.Itoa(int(p.ContainerPort))+"/"+p.Protocol] = struct{}{}
		}
	}
	return nil
}

func (s *settings) volume(rest string) error {
	var list []string
	if json.Unmarshal([]byte(rest), &list) != nil {
		list = strings.Fields(rest)
	}
	for _, v := range list {
		dst, err := parse.Destination(v)
		if err != nil {
			return err
		}
		s.Volumes[dst] = struct{}{}
	}
	return nil
}

// readHealthcheck reads what follows HEALTHCHECK: NONE, or flags, CMD and a
// command.
func readHealthcheck(rest string) (*healthcheck, error) {
	if strings.EqualFold(rest, "NONE") {
		return &healthcheck{Test: []string{"NONE"}}, nil
	}
	h := &healthcheck{}
	for strings.HasPrefix(rest, "--") {
		var word string
		word, rest, _ = strings.Cut(rest, " ")
		rest = strings.TrimSpace(rest)
		if err := h.flag(word); err != nil {
			return nil, err
		}
	}
	name, command, _ := strings.Cut(rest, " ")
	command = strings.TrimSpace(command)
	if !strings.EqualFold(name, "CMD") || command == "" {
		return nil, errs.New(errs.Invalid, "HEALTHCHECK: NONE or CMD with a command must follow")
	}
	h.Test = []string{"CMD-SHELL", command}
	var words []string
	if json.Unmarshal([]byte(command), &words) == nil && len(words) > 0 {
		h.Test = append([]string{"CMD"}, words...)
	}
	return h, nil
}

func (h *healthcheck) flag(word string) (err error) {
	name, value, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
	if name == "retries" {
		if h.Retries, err = strconv.Atoi(value); err != nil || h.Retries < 0 {
			return errs.New(errs.Invalid, "HEALTHCHECK: --retries=%s: not a number", value)
		}
		return nil
	}
	to := map[string]*time.Duration{
		"interval": &h.Interval, "timeout": &h.Timeout, "start-period": &h.StartPeriod, "start-interval": &h.StartInterval,
	}[name]
	if to == nil {
		return errs.New(errs.Invalid, "HEALTHCHECK: unknown flag %s", word)
	}
	if *to, err = time.ParseDuration(value); err != nil || *to < 0 {
		return errs.New(errs.Invalid, "HEALTHCHECK: %s: not a duration, as in 30s", word)
	}
	return nil
}
