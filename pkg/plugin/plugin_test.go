package plugin

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, k errs.Kind, words string) {
	t.Helper()
	if !errs.Is(err, k) || !strings.Contains(err.Error(), words) {
		t.Errorf("error %v has kind %s, want %s and %q", err, errs.KindOf(err), k, words)
	}
}

// dirs makes two folders of plugins, and only those are looked at.
func dirs(t *testing.T) (a, b string) {
	a, b = t.TempDir(), t.TempDir()
	t.Setenv(DirsEnv, a+":"+b+":/nowhere")
	return a, b
}

func answers(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/Plugin.Activate":
		io.WriteString(w, `{"Implements":["VolumeDriver"]}`)
	case "/Test.Echo":
		io.Copy(w, r.Body)
	case "/Test.No":
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, `{"Err":"not today"}`)
	case "/Test.Err200":
		io.WriteString(w, `{"Err":"not so"}`)
	case "/Test.Garbage":
		io.WriteString(w, `<html>`)
	case "/Test.Broken":
		http.Error(w, "a\nb", http.StatusBadGateway)
	case "/Test.Elsewhere":
		http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
	case "/Test.Slow":
		<-r.Context().Done()
	default:
		http.NotFound(w, r)
	}
}

func listen(t *testing.T, path string) {
	t.Helper()
	l, err := net.Listen("unix", path)
	must(t, err)
	srv := &http.Server{Handler: http.HandlerFunc(answers)}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
}

func TestFind(t *testing.T) {
	a, b := dirs(t)
	listen(t, filepath.Join(b, "one.sock"))
	must(t, os.Mkdir(filepath.Join(a, "two"), 0o700))
	listen(t, filepath.Join(a, "two", "two.sock"))
	must(t, os.WriteFile(filepath.Join(a, "one.spec"), []byte("unix:///nowhere\n"), 0o600)) // a socket comes first
	must(t, os.WriteFile(filepath.Join(b, "three.spec"), []byte("tcp://127.0.0.1:9\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(b, "four.json"), []byte(`{"Name":"four","Addr":"https://127.0.0.1:9"}`), 0o600))
	must(t, os.WriteFile(filepath.Join(b, "note.txt"), nil, 0o600))

	list, err := List()
	must(t, err)
	if !slices.Equal(list, []string{"four", "one", "three", "two"}) {
		t.Errorf("list: %q", list)
	}
	for name, addr := range map[string]string{
		"one": "unix://" + b + "/one.sock", "two": "unix://" + a + "/two/two.sock", "three": "tcp://127.0.0.1:9", "four": "https://127.0.0.1:9",
	} {
		p, err := Find(name)
		if err != nil || p.Addr != addr {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestFindRefuses(t *testing.T) {
	_, b := dirs(t)
	for name, text := range map[string]string{"a.spec": "ftp://x", "b.spec": "", "c.json": "{", "d.json": `{"Addr":"unix://rel"}`, "e.sock": ""} {
		must(t, os.WriteFile(filepath.Join(b, name), []byte(text), 0o600))
		_, err := Find(name[:1])
		wantKind(t, err, errs.Corrupt, b)
	}
	_, err := Find("none")
	wantKind(t, err, errs.NotFound, b)
	for _, name := range []string{"", "..", "../x", "a\x00b", "-x"} {
		_, err := Find(name)
		wantKind(t, err, errs.Invalid, "plugin")
	}
	_, err = Find("vieux/sshfs")
	wantKind(t, err, errs.Invalid, "docker's daemon")
}

func TestCall(t *testing.T) {
	a, _ := dirs(t)
	listen(t, filepath.Join(a, "p.sock"))
	p, err := Find("p")
	must(t, err)
	ctx := context.Background()
	must(t, p.Require(ctx, VolumeDriver))
	wantKind(t, p.Require(ctx, NetworkDriver), errs.Unsupported, "VolumeDriver")
	var got map[string]string
	must(t, p.Call(ctx, "Test.Echo", map[string]string{"a": "b"}, &got))
	if got["a"] != "b" {
		t.Errorf("echo: %v", got)
	}
	wantKind(t, p.Call(ctx, "Test.No", nil, nil), errs.Internal, "plugin p: Test.No: not today")
	wantKind(t, p.Call(ctx, "Test.Err200", nil, nil), errs.Internal, "not so")
	wantKind(t, p.Call(ctx, "Test.Garbage", nil, &got), errs.Corrupt, "answer")
	wantKind(t, p.Call(ctx, "Test.Broken", nil, nil), errs.Internal, "status 502: a")
	wantKind(t, p.Call(ctx, "Test.Elsewhere", nil, nil), errs.Internal, "status 302")
	wantKind(t, p.Call(ctx, "Test.Nothing", nil, nil), errs.Unsupported, "does not know")
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	wantKind(t, p.Call(short, "Test.Slow", nil, nil), errs.Unavailable, "running")
}

// A plugin that is only about to listen is waited for; one that never does is
// not waited for long.
func TestStarting(t *testing.T) {
	a, _ := dirs(t)
	err := starting(t, filepath.Join(a, "p.sock"))
	for i := 0; err != nil && i < 9; i++ { // a busy machine may let the plugin begin too late, not ten times
		err = starting(t, filepath.Join(a, fmt.Sprintf("p%d.sock", i)))
	}
	if err != nil {
		t.Error(err)
	}
	none, err := New("q", "unix://"+a+"/none.sock")
	must(t, err)
	_, err = none.Activate(context.Background())
	wantKind(t, err, errs.Unavailable, "none.sock")
}

// starting calls a plugin that listens at path a moment later.
func starting(t *testing.T, path string) error {
	t.Helper()
	p, err := New("p", "unix://"+path)
	must(t, err)
	listens := make(chan struct{})
	go func() {
		defer close(listens)
		time.Sleep(50 * time.Millisecond)
		listen(t, path)
	}()
	_, err = p.Activate(context.Background())
	<-listens
	return err
}

func TestTLS(t *testing.T) {
	a, _ := dirs(t)
	srv := httptest.NewTLSServer(http.HandlerFunc(answers))
	defer srv.Close()
	ca := filepath.Join(a, "ca.pem")
	must(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600))
	addr := "tcp://" + srv.Listener.Addr().String()
	for name, c := range map[string]any{
		"trusts": map[string]any{"Addr": addr, "TLSConfig": map[string]any{"CAFile": ca}},
		"blind":  map[string]any{"Addr": addr, "TLSConfig": map[string]any{"InsecureSkipVerify": true}},
	} {
		data, err := json.Marshal(c)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(a, name+".json"), data, 0o600))
		p, err := Find(name)
		must(t, err)
		must(t, p.Require(context.Background(), VolumeDriver))
	}
	must(t, os.WriteFile(filepath.Join(a, "wary.json"), []byte(`{"Addr":"`+addr+`","TLSConfig":{}}`), 0o600))
	p, err := Find("wary")
	must(t, err)
	_, err = p.Activate(context.Background())
	wantKind(t, err, errs.Unavailable, "certificate")
}
