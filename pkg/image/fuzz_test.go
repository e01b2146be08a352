package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// FuzzChange: a line of a Dockerfile is refused with a kind, or makes settings that
// come out of a config as they went in.
func FuzzChange(f *testing.F) {
	for _, line := range []string{
		`CMD ["a", "b"]`, `ENTRYPOINT a b`, "ENV a=b c=\"d e\"", `ENV a b`, `LABEL a='b' c=\ d`, `EXPOSE 80 90-92/udp`, `ONBUILD RUN x`,
		`USER a:b`, `VOLUME ["/a","/b"]`, `VOLUME /a /b`, `WORKDIR ../x`, `STOPSIGNAL TERM`, `HEALTHCHECK --interval=1s --retries=2 CMD ["x"]`, `HEALTHCHECK NONE`, "CMD \x80",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		set, err := changed([]string{line})
		if err != nil {
			if !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.Unsupported) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		text, err := json.Marshal(set)
		if err != nil {
			t.Fatal(err)
		}
		var back settings
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if again, err := json.Marshal(back); err != nil || !bytes.Equal(again, text) {
			t.Fatalf("%s became %s, %v", text, again, err)
		}
	})
}

// FuzzFilters: filters of ls and prune are refused as invalid, or accept or do not.
func FuzzFilters(f *testing.F) {
	for _, v := range []string{"reference=a*", "reference=[", "label=a=b", "label!=a", "dangling=true", "until=10m", "until=2020-01-01T00:00:00", "before=a:1", "since=sha256:00", "="} {
		f.Add(v)
	}
	now := time.Unix(1_700_000_000, 0)
	list := []Entry{{Image: Image{Name: "docker.io/library/a:1", ID: "sha256:00"}, Repository: "a", Tag: "1", Created: now.Add(-time.Hour), Labels: map[string]string{"a": "b"}}}
	f.Fuzz(func(t *testing.T, filter string) {
		if _, err := Filter(list, []string{filter}); err != nil && !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.NotFound) {
			t.Fatalf("kind of %v", err)
		}
		keep, err := PruneFilter([]string{filter}, now)
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		if first, second := keep(list[0]), keep(list[0]); first != second {
			t.Fatal("it depends")
		}
	})
}

// FuzzStartsArchive: a look at the beginning of an import leaves all of it to be read.
func FuzzStartsArchive(f *testing.F) {
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: "a"}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("no archive"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := bufio.NewReaderSize(bytes.NewReader(data), 1<<16)
		if err := startsArchive(in); err != nil && !errs.Is(err, errs.Invalid) {
			t.Fatalf("kind of %v", err)
		}
		var left bytes.Buffer
		if _, err := left.ReadFrom(in); err != nil || !bytes.Equal(left.Bytes(), data) {
			t.Fatalf("%d bytes are left of %d, %v", left.Len(), len(data), err)
		}
	})
}
