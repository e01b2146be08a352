package cni

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	types100 "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/cni/pkg/version"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Request is what a runtime asks of Pouch as a plugin.
type Request struct {
	ID    string // CNI_CONTAINERID
	Netns string // CNI_NETNS; may be empty for DEL
	Iface string // CNI_IFNAME
	Args  map[string]string

	Name    string `json:"name"`    // of the runtime's configuration
	Network string `json:"network"` // of Pouch
	Root    string `json:"root"`    // --root; empty: the usual one
	RunRoot string `json:"runRoot"`

	Runtime struct {
		Ports     []PortMapping `json:"portMappings"`
		Bandwidth Bandwidth     `json:"bandwidth"`
		IPs       []string      `json:"ips"`
		MAC       string        `json:"mac"`
		Aliases   []string      `json:"aliases"`
	} `json:"runtimeConfig"`

	// Valid are the attachments that there are of the configuration, by ID and Iface:
	// of GC alone.
	Valid []Attachment `json:"-"`

	// Addresses are those that an earlier ADD has given: of CHECK alone.
	Addresses []string `json:"-"`
}

// PortMapping is an element of the capability portMappings.
type PortMapping struct {
	HostPort      uint16 `json:"hostPort"`
	ContainerPort uint16 `json:"containerPort"`
	Protocol      string `json:"protocol"`
	HostIP        string `json:"hostIP"`
}

// Bandwidth is the capability of that name: bits a second, and bits.
type Bandwidth struct {
	IngressRate  uint64 `json:"ingressRate"`
	IngressBurst uint64 `json:"ingressBurst"`
	EgressRate   uint64 `json:"egressRate"`
	EgressBurst  uint64 `json:"egressBurst"`
}

// Backend does what the runtime asks. Add returns a result of CNI 1.1.0 as JSON.
// Del is idempotent, and the namespace may be gone.
type Backend interface {
	Add(*Request) ([]byte, error)
	Del(*Request) error
	Check(*Request) error
	GC(*Request) error
	Status(*Request) error
}

// Codes of errors, of the specification and from 100 on the plugin's own.
const (
	codeInvalid     = 7
	codeTryAgain    = 11
	codeUnavailable = 50
	codeOwn         = 100
)

// Serve is a CNI plugin's main: it reads the environment and stdin, and prints the
// result or the error on stdout. It returns the exit code. The versions are 0.3.0
// to 1.1.0.
func Serve(b Backend, about string) int {
	s := server{b}
	funcs := skel.CNIFuncs{Add: s.add, Del: s.del, Check: s.check, GC: s.gc, Status: s.status}
	err := skel.PluginMainFuncsWithError(funcs, version.VersionsStartingFrom("0.3.0"), about)
	if err == nil {
		return 0
	}
	err.Print() // the exit code tells it too
	return 1
}

type server struct{ b Backend }

func (s server) add(a *skel.CmdArgs) error {
	r, c, err := read(a)
	if err != nil {
		return toError(err)
	}
	out, err := s.b.Add(r)
	if err != nil {
		return toError(err)
	}
	res := &types100.Result{}
	if err := json.Unmarshal(out, res); err != nil {
		return toError(err)
	}
	res, err = behind(c, res)
	if err != nil {
		return toError(err)
	}
	return types.PrintResult(res, c.CNIVersion)
}

// behind puts a result behind that of the plugin before in the chain.
func behind(c *types.PluginConf, own *types100.Result) (*types100.Result, error) {
	if c.PrevResult == nil {
		return own, nil
	}
	prev, err := current(c.PrevResult)
	if err != nil {
		return nil, err
	}
	first := len(prev.Interfaces)
	prev.Interfaces = append(prev.Interfaces, own.Interfaces...)
	for _, ip := range own.IPs {
		if ip.Interface != nil {
			ip.Interface = new(*ip.Interface + first)
		}
		prev.IPs = append(prev.IPs, ip)
	}
	prev.Routes = append(prev.Routes, own.Routes...)
	if prev.DNS.IsEmpty() {
		prev.DNS = own.DNS
	}
	return prev, nil
}

func (s server) del(a *skel.CmdArgs) error {
	r, _, err := read(a)
	if err == nil {
		err = s.b.Del(r)
	}
	return toError(err)
}

func (s server) check(a *skel.CmdArgs) error {
	r, c, err := read(a)
	if err != nil {
		return toError(err)
	}
	if c.PrevResult == nil {
		return types.NewError(codeInvalid, "CHECK needs prevResult", "")
	}
	prev, err := current(c.PrevResult)
	if err != nil {
		return toError(err)
	}
	for _, ip := range prev.IPs {
		if i := ip.Interface; i != nil && *i >= 0 && *i < len(prev.Interfaces) && prev.Interfaces[*i].Name == a.IfName {
			r.Addresses = append(r.Addresses, ip.Address.String())
		}
	}
	return toError(s.b.Check(r))
}

func (s server) gc(a *skel.CmdArgs) error {
	r, c, err := read(a)
	if err != nil {
		return toError(err)
	}
	valid, err := validOf(a.StdinData, c)
	if err != nil {
		return toError(err)
	}
	for _, v := range valid {
		r.Valid = append(r.Valid, Attachment{ID: v.ContainerID, Iface: v.IfName})
	}
	return toError(s.b.GC(r))
}

// validOf is the list of valid attachments, which an earlier text of the
// specification called otherwise. Without one nothing is known of who is there:
// a runtime that forgot it must not lose all its pods.
func validOf(stdin []byte, c *types.PluginConf) ([]types.GCAttachment, error) {
	var is struct {
		Valid   *json.RawMessage      `json:"cni.dev/valid-attachments"`
		Earlier *[]types.GCAttachment `json:"cni.dev/attachments"`
	}
	if err := json.Unmarshal(stdin, &is); err != nil {
		return nil, errs.New(errs.Invalid, "configuration: %w", err)
	}
	switch {
	case is.Valid != nil:
		return c.ValidAttachments, nil
	case is.Earlier != nil:
		return *is.Earlier, nil
	}
	return nil, errs.New(errs.Invalid, "GC without cni.dev/valid-attachments: nothing is freed")
}

func (s server) status(a *skel.CmdArgs) error {
	r, _, err := read(a)
	if err != nil {
		return toError(err)
	}
	if err := s.b.Status(r); err != nil {
		return types.NewError(codeUnavailable, err.Error(), "")
	}
	return nil
}

func read(a *skel.CmdArgs) (*Request, *types.PluginConf, error) {
	c, r := &types.PluginConf{}, &Request{}
	if err := json.Unmarshal(a.StdinData, c); err != nil {
		return nil, nil, errs.New(errs.Invalid, "configuration: %w", err)
	}
	if err := json.Unmarshal(a.StdinData, r); err != nil {
		return nil, nil, errs.New(errs.Invalid, "configuration: %w", err)
	}
	if err := version.ParsePrevResult(c); err != nil {
		return nil, nil, errs.New(errs.Invalid, "configuration: %w", err)
	}
	r.ID, r.Netns, r.Iface, r.Args = a.ContainerID, a.Netns, a.IfName, arguments(a.Args)
	return r, c, nil
}

// arguments reads CNI_ARGS.
func arguments(s string) map[string]string {
	out := map[string]string{}
	for pair := range strings.SplitSeq(s, ";") {
		if k, v, ok := strings.Cut(pair, "="); ok {
			out[k] = v
		}
	}
	return out
}

// toError gives an error its code.
func toError(err error) error {
	if err == nil {
		return nil
	}
	code := uint(codeOwn)
	switch errs.KindOf(err) {
	case errs.Invalid, errs.NotFound:
		code = codeInvalid
	case errs.Unavailable:
		code = codeTryAgain
	default:
	}
	return types.NewError(code, fmt.Sprint(err), "")
}
