package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// fakePlugin is a network plugin of docker's for the scripts: fakeplugin SOCKET
// LOG. It makes a pair of links for every endpoint, notes each call in LOG, hangs in
// a method that is in the file LOG.hang, or after it LOG.hangafter, and fails in one that is in LOG.fail.
func fakePlugin() {
	l, err := net.Listen("unix", os.Args[1])
	if err != nil {
		panic(err)
	}
	panic(http.Serve(l, http.HandlerFunc(fakeCall)))
}

func fakeCall(w http.ResponseWriter, r *http.Request) {
	var in struct {
		NetworkID, EndpointID, SandboxKey string
		Interface                         struct{ Address string }
		Address                           string
	}
	body, _ := io.ReadAll(r.Body) // some have none
	json.Unmarshal(body, &in)     // as above
	method := strings.TrimPrefix(r.URL.Path, "/")
	hangs := said(".hang", method) // who reads the note may take that away
	note(fmt.Sprintf("%s %s%s", method, in.Interface.Address, in.Address))
	if hangs {
		time.Sleep(time.Hour)
	}
	if said(".fail", method) {
		w.WriteHeader(http.StatusInternalServerError)
		json.NewEncoder(w).Encode(map[string]string{"Err": "no, said the plugin"})
		return
	}
	if strings.HasPrefix(method, "IpamDriver.") {
		answerIPAM(w, method, body)
		return
	}
	out := fakeLinks(method, in.EndpointID)
	done(method)
	json.NewEncoder(w).Encode(out)
}

// done hangs, with all done, in a method that is in the file LOG.hangafter.
func done(method string) {
	hangs := said(".hangafter", method)
	note("done " + method)
	if hangs {
		time.Sleep(time.Hour)
	}
}

// fakeLinks makes links.
func fakeLinks(method, endpoint string) map[string]any {
	out := map[string]any{}
	short := endpoint
	if len(short) > 8 {
		short = short[:8]
	}
	switch method {
	case "Plugin.Activate":
		out["Implements"] = []string{"NetworkDriver", "IpamDriver"}
	case "NetworkDriver.CreateEndpoint":
		run("ip", "link", "add", "fh"+short, "type", "veth", "peer", "name", "fc"+short)
		run("ip", "link", "set", "fh"+short, "up")
	case "NetworkDriver.Join":
		out["InterfaceName"] = map[string]string{"SrcName": "fc" + short, "DstPrefix": "eth"}
		out["Gateway"] = "10.66.70.1"
	case "NetworkDriver.DeleteEndpoint":
		run("ip", "link", "del", "fh"+short)
	}
	return out
}

func run(args ...string) {
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		note(fmt.Sprintf("%v: %v: %s", args, err, out))
	}
}

func note(line string) {
	f, err := os.OpenFile(os.Args[2], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		fmt.Fprintln(f, line)
		f.Close()
	}
}

func said(suffix, method string) bool {
	text, err := os.ReadFile(os.Args[2] + suffix)
	return err == nil && strings.Contains(string(text), method)
}
