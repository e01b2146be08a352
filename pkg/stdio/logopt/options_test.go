package logopt

import (
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func TestParse(t *testing.T) {
	o, err := Parse("", map[string]string{"max-size": "10k", "max-file": "5", "compress": "true", "mode": "non-blocking", "max-buffer-size": "4m"})
	if err != nil {
		t.Fatal(err)
	}
	if o.Driver != JSONFile || o.JSON.MaxSize != 10<<10 || o.JSON.MaxFile != 5 || !o.JSON.Compress || !o.NonBlocking || o.MaxBuffer != 4<<20 {
		t.Errorf("%+v", o)
	}
	if o, err := Parse(JSONFile, map[string]string{"max-size": "-1"}); err != nil || o.JSON.MaxSize >= 0 {
		t.Errorf("%+v %v", o, err)
	}
	o, err = Parse(Syslog, map[string]string{"syslog-address": "tcp+tls://log.example", "syslog-facility": "local3", "syslog-format": "rfc5424micro"})
	if err != nil || o.Syslog.Network != "tcp+tls" || o.Syslog.Address != "log.example:514" || o.Syslog.Facility != 19 {
		t.Errorf("%+v %v", o, err)
	}
	if o, err := Parse(Syslog, nil); err != nil || o.Syslog.Facility != 3 || o.Syslog.Network != "" {
		t.Errorf("%+v %v", o, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ driver, opts, want string }{
		{"json-file", "max-size=x", "max-size=x"},
		{"json-file", "max-size=0", "at least one byte"},
		{"json-file", "max-file=0", "at least 1"},
		{"json-file", "compress=maybe", "true or false"},
		{"json-file", "compress=true max-file=1", "max-file is less than 2"},
		{"json-file", "mode=fast", "mode=fast"},
		{"json-file", "max-buffer-size=1m", "only supported with"},
		{"json-file", "syslog-format=rfc5424", "unknown log opt 'syslog-format' for json-file log driver"},
		{"json-file", "env-regex=(", "regular expression"},
		{"syslog", "labels=a", "unknown log opt 'labels'"},
		{"syslog", "syslog-address=log.example:514", "udp"},
		{"syslog", "syslog-address=unix://dev/log", "absolute"},
		{"syslog", "syslog-address=tcp://", "HOST:PORT"},
		{"syslog", "syslog-facility=24", "invalid syslog facility"},
		{"syslog", "syslog-tls-cert=/a", "go together"},
		{"journald", "max-size=1m", "unknown log opt"},
		{"none", "max-size=1m", "invalid logging opts"},
		{"passthrough", "tag=x", "invalid logging opts"},
		{"gelf", "", "json-file, journald, syslog"},
	} {
		opts := map[string]string{}
		for kv := range strings.FieldsSeq(c.opts) {
			k, v, _ := strings.Cut(kv, "=")
			opts[k] = v
		}
		if _, err := Parse(c.driver, opts); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v", c.driver, c.opts, err)
		} else if k := errs.KindOf(err); k != errs.Invalid && k != errs.Unsupported {
			t.Errorf("%s %s: kind %s", c.driver, c.opts, k)
		}
	}
}
