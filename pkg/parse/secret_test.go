package parse

import (
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestSecret(t *testing.T) {
	for s, want := range map[string]struct {
		record.Secret
		SecretSource
	}{
		"db":                                     {record.Secret{Name: "db", Target: "db"}, SecretSource{}},
		"db,target=/etc/db,uid=1,gid=2,mode=400": {record.Secret{Name: "db", Target: "/etc/db", UID: 1, GID: 2, Mode: 0o400}, SecretSource{}},
		"db,type=env":                            {record.Secret{Name: "db", Target: "db", Env: true}, SecretSource{}},
		"id=db,type=env,target=DB":               {record.Secret{Name: "db", Target: "DB", Env: true}, SecretSource{}},
		"id=db,src=/a b,target=x/./y":            {record.Secret{Name: "db", Target: "x/y", Own: true}, SecretSource{File: "/a b"}},
		"id=db,env=PASS":                         {record.Secret{Name: "db", Target: "db", Own: true}, SecretSource{Var: "PASS"}},
		`"id=db","fd=3"`:                         {record.Secret{Name: "db", Target: "db", Own: true}, SecretSource{FD: "3"}},
	} {
		got, from, err := Secret(s)
		if err != nil || got != want.Secret || from != want.SecretSource {
			t.Errorf("%s: %+v %+v, %v", s, got, from, err)
		}
	}
	for _, s := range []string{
		"", "../x", ".x", "a/b", "db,target=..", "db,target=/", "db,mode=9", "db,mode=4755", "db,uid=-1", "db,type=x", "db,foo=1",
		"db,foo", "id=db,src=a,fd=3", "db,type=env,mode=0400", "db,type=env,target=A=B", "target=x",
	} {
		if got, _, err := Secret(s); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
}

func FuzzSecret(f *testing.F) {
	for _, s := range []string{"db", "db,type=env,target=X", "id=a,src=b,mode=0400", `"a,b"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, _, err := Secret(s)
		if err == nil && (got.Name == "" || got.Target == "") {
			t.Errorf("%q: %+v", s, got)
		}
	})
}

func FuzzGPUs(f *testing.F) {
	for _, s := range []string{"all", "2", "device=0,1", "count=1,driver=amd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := GPUs(s)
		if err == nil && len(got) == 0 {
			t.Errorf("%q: no device and no error", s)
		}
	})
}
