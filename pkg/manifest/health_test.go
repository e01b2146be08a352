package manifest

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestHealth(t *testing.T) {
	for text, want := range map[string]*record.Health{
		`{}`:            nil,
		`not JSON`:      nil,
		`{"config":{}}`: nil,
		`{"config":{"Healthcheck":{"Test":["NONE"]}}}`:                                                              nil,
		`{"config":{"Healthcheck":{"Test":["NONE","x"]}}}`:                                                          nil,
		`{"config":{"Healthcheck":{"Test":["CMD"]}}}`:                                                               nil,
		`{"config":{"Healthcheck":{"Interval":5000000000}}}`:                                                        nil,
		`{"config":{"Healthcheck":{"Test":["CMD","a\u0000b"]}}}`:                                                    nil,
		`{"config":{"Healthcheck":{"Test":["CMD","` + strings.Repeat("x", maxHealthText+1) + `"]}}}`:                nil,
		`{"config":{"Healthcheck":{"Test":["CMD","curl","-f","x"],"Interval":5000000000,"Retries":2}}}`:             {Test: []string{"curl", "-f", "x"}, Interval: 5 * time.Second, Retries: 2},
		`{"config":{"Healthcheck":{"Test":["CMD-SHELL","test -e /x"],"Timeout":1,"StartPeriod":-7}}}`:               {Test: []string{"test -e /x"}, Shell: true},
		`{"config":{"Shell":["/bin/bash","-c"],"Healthcheck":{"Test":["CMD-SHELL","true"],"Retries":-1}}}`:          {Test: []string{"/bin/bash", "-c", "true"}},
		`{"config":{"Healthcheck":{"Test":["CMD-SHELL","true"],"StartPeriod":1000000000,"StartInterval":2000000}}}`: {Test: []string{"true"}, Shell: true, StartPeriod: time.Second, StartInterval: 2 * time.Millisecond},
	} {
		if got := Health([]byte(text)); !reflect.DeepEqual(got, want) {
			t.Errorf("%.100s: %+v, want %+v", text, got, want)
		}
	}
}
