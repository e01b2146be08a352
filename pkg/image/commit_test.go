package image

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

const baseConfig = `{"architecture":"amd64","os":"linux","variant":"v3","created":"2020-01-01T00:00:00Z","container_config":{"Cmd":["x"]},"parent":"p",
"config":{"Env":["OLD=1"],"Cmd":["old"],"ExposedPorts":{"80/tcp":{}},"Volumes":{"/v":{}},"Labels":{"gone":"1"},"OnBuild":["RUN x"],"Shell":["/bin/bash","-c"],"Future":{"a":1},
"Healthcheck":{"Test":["CMD","old"]}},
"history":[{"created_by":"first","empty_layer":true}],"rootfs":{"type":"layers","diff_ids":["sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]},"moby.future":"kept"}`

func container() *record.Container {
	return &record.Container{
		Process: record.Process{Entrypoint: []string{"run"}, Cmd: []string{"me"}, Env: []string{"OLD=1", "NEW=2"}, Cwd: "/w", User: "5", StopSignal: "INT"},
		Labels:  record.Labels{"own": "y"}, Ports: []record.Port{{ContainerPort: 8080, Protocol: "tcp"}},
		Mounts: []record.Mount{{Type: "volume", Anonymous: true, Destination: "/anon"}, {Type: "bind", Source: "/host/secret", Destination: "/b"}},
		Host:   record.Host{Hostname: "secret-host"}, Secrets: []record.Secret{{Name: "secret-name"}},
	}
}

func TestCommitConfig(t *testing.T) {
	o := CommitOpts{Author: "me", Comment: "word"}
	layer := digest.FromString("layer")
	data, err := commitConfig(container(), []byte(baseConfig), layer, o, time.Unix(1e9, 0).UTC())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprint(got["config"])
	for _, want := range []string{
		"Entrypoint:[run]", "Cmd:[me]", "Env:[OLD=1 NEW=2]", "WorkingDir:/w", "User:5", "StopSignal:INT", "Labels:map[own:y]",
		"ExposedPorts:map[80/tcp:map[] 8080/tcp:map[]]", "Volumes:map[/anon:map[] /v:map[]]", "Healthcheck:map[Test:[NONE]]",
		"Shell:[/bin/bash -c]", "Future:map[a:1]",
	} {
		if !strings.Contains(config, want) {
			t.Errorf("%s is not in %s", want, config)
		}
	}
	for _, k := range []string{"container_config", "parent"} {
		if got[k] != nil {
			t.Errorf("%s is in it", k)
		}
	}
	if strings.Contains(string(data), "secret") || strings.Contains(config, "OnBuild") || got["variant"] != "v3" || got["moby.future"] != "kept" || got["author"] != "me" {
		t.Error(string(data))
	}
	if ids := got["rootfs"].(map[string]any)["diff_ids"].([]any); len(ids) != 2 || ids[1] != layer.String() {
		t.Errorf("%v", ids)
	}
	if h := fmt.Sprint(got["history"]); !strings.Contains(h, "created_by:first") || !strings.Contains(h, "comment:word") || !strings.Contains(h, "created_by:run me") {
		t.Error(h)
	}
}

func TestChanges(t *testing.T) {
	for change, want := range map[string]string{
		`CMD ["a","b c"]`:    `"Cmd":["a","b c"]`,
		`cmd a b`:            `"Cmd":["/bin/sh","-c","a b"]`,
		`ENTRYPOINT ["x"]`:   `"Entrypoint":["x"]`,
		`ENV OLD=9 Z="1 2"`:  `"Env":["OLD=9","NEW=2","Z=1 2"]`,
		`ENV OLD a b`:        `"Env":["OLD=a b","NEW=2"]`,
		`LABEL own=z more=1`: `"Labels":{"more":"1","own":"z"}`,
		`EXPOSE 9 10-11/udp`: `"ExposedPorts":{"10/udp":{},"11/udp":{},"80/tcp":{},"8080/tcp":{},"9/tcp":{}}`,
		`VOLUME ["/x"]`:      `"/x":{}`,
		`VOLUME /x /y`:       `"/y":{}`,
		`WORKDIR sub`:        `"WorkingDir":"/w/sub"`,
		`WORKDIR /abs/`:      `"WorkingDir":"/abs"`,
		`USER 7:8`:           `"User":"7:8"`,
		`ONBUILD RUN x`:      `"OnBuild":["RUN x"]`,
		`STOPSIGNAL HUP`:     `"StopSignal":"HUP"`,
		`HEALTHCHECK NONE`:   `"Healthcheck":{"Test":["NONE"]}`,
		`HEALTHCHECK --interval=5s --retries=2 CMD curl x`: `"Healthcheck":{"Test":["CMD-SHELL","curl x"],"Interval":5000000000,"Retries":2}`,
		`HEALTHCHECK CMD ["a","b"]`:                        `"Healthcheck":{"Test":["CMD","a","b"]}`,
	} {
		data, err := commitConfig(container(), []byte(baseConfig), digest.FromString("l"), CommitOpts{Changes: []string{change}}, time.Time{})
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %s is not in %s, %v", change, want, data, err)
		}
	}
	for _, bad := range []string{
		``, `CMD`, `FROM x`, `RUN x`, `COPY a b`, `ENV`, `ENV A`, `LABEL =x`, `EXPOSE x`, `EXPOSE 99999`, `VOLUME rel`, `VOLUME /a/../..`, `USER a:b:c`,
		`STOPSIGNAL NOSUCH`, `HEALTHCHECK true`, `HEALTHCHECK CMD`, `HEALTHCHECK --interval=x CMD y`, `HEALTHCHECK --foo=1 CMD y`, `HEALTHCHECK --retries=-1 CMD y`, `ENV A="x`,
	} {
		if data, err := commitConfig(container(), []byte(baseConfig), digest.FromString("l"), CommitOpts{Changes: []string{bad}}, time.Time{}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v, %s", bad, err, data)
		}
	}
}

func TestCommitConfigBroken(t *testing.T) {
	for _, base := range []string{``, `[]`, `{"config":5}`, `{"rootfs":"x"}`} {
		if _, err := commitConfig(container(), []byte(base), digest.FromString("l"), CommitOpts{}, time.Time{}); !errs.Is(err, errs.Corrupt) {
			t.Errorf("%s: %v", base, err)
		}
	}
	if data, err := commitConfig(container(), []byte(`{"config":null}`), digest.FromString("l"), CommitOpts{}, time.Time{}); err != nil {
		t.Errorf("%s, %v", data, err)
	}
}
