package registry

import "testing"

// FuzzParsePlace: what is read is written so that it is read again.
func FuzzParsePlace(f *testing.F) {
	for _, s := range []string{"busybox", "docker://quay.io/a:1", "oci:/x:y", "dir:.", "docker-archive:a.tar:b:c", "containerd:sha256:0123456789ab"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePlace(s)
		if err != nil {
			return
		}
		if again, err := ParsePlace(p.String()); err != nil || again != p {
			t.Errorf("%q is %+v, written %q, which is %+v (%v)", s, p, p.String(), again, err)
		}
	})
}
