package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// ipamCall is what a plugin is asked that gives addresses.
type ipamCall struct {
	AddressSpace, Pool, SubPool, PoolID, Address string
	Options                                      map[string]string
	V6                                           bool
}

// fakeIPAM gives addresses: what it has given are files in LOG.ipam, so that one that
// is killed forgets nothing and a test sees what was never given back. With a file
// LOG.mac it wants to know MAC addresses.
func fakeIPAM(method string, body []byte) (any, error) {
	var in ipamCall
	if err := json.Unmarshal(body, &in); err != nil && len(body) > 0 {
		return nil, err
	}
	_, err := os.Stat(os.Args[2] + ".mac")
	mac := err == nil
	switch method {
	case "IpamDriver.GetCapabilities":
		return map[string]bool{"RequiresMACAddress": mac}, nil
	case "IpamDriver.GetDefaultAddressSpaces":
		return map[string]string{"LocalDefaultAddressSpace": "here", "GlobalDefaultAddressSpace": "everywhere"}, nil
	case "IpamDriver.RequestPool":
		return requestPool(in)
	case "IpamDriver.ReleasePool":
		return struct{}{}, os.Remove(poolDir(in.PoolID)) // fails while it has addresses
	case "IpamDriver.RequestAddress":
		if mac && in.Options["RequestAddressType"] == "" && in.Options["com.docker.network.endpoint.macaddress"] == "" {
			return nil, fmt.Errorf("no MAC address")
		}
		return requestAddress(in)
	}
	return struct{}{}, os.Remove(filepath.Join(poolDir(in.PoolID), in.Address))
}

func poolDir(id string) string {
	return filepath.Join(os.Args[2]+".ipam", strings.ReplaceAll(id, "/", "_"))
}

func requestPool(in ipamCall) (any, error) {
	pool := in.Pool
	if pool == "" {
		pool = map[bool]string{false: "10.66.80.0/24", true: "fd66:80::/64"}[in.V6]
	}
	if in.Options["refuse"] != "" {
		return nil, fmt.Errorf("refused: %s", in.Options["refuse"])
	}
	id := in.AddressSpace + "/" + pool + "/" + in.SubPool
	if err := os.MkdirAll(filepath.Dir(poolDir(id)), 0o700); err != nil {
		return nil, err
	}
	return map[string]any{"PoolID": id, "Pool": pool}, os.Mkdir(poolDir(id), 0o700)
}

// requestAddress gives the first from 50 on that is free, or the one that is named.
func requestAddress(in ipamCall) (any, error) {
	p, err := netip.ParsePrefix(strings.Join(strings.Split(in.PoolID, "/")[1:3], "/"))
	if err != nil {
		return nil, err
	}
	a := p.Addr()
	for range 50 {
		a = a.Next()
	}
	for ; ; a = a.Next() {
		if in.Address != "" {
			a = netip.MustParseAddr(in.Address)
		}
		f, err := os.OpenFile(filepath.Join(poolDir(in.PoolID), a.String()), os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			return map[string]string{"Address": netip.PrefixFrom(a, p.Bits()).String()}, f.Close()
		}
		if in.Address != "" || !os.IsExist(err) {
			return nil, fmt.Errorf("%s is in use", a)
		}
	}
}

func answerIPAM(w http.ResponseWriter, method string, body []byte) {
	out, err := fakeIPAM(method, body)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		out = map[string]string{"Err": err.Error()}
	}
	done(method)
	json.NewEncoder(w).Encode(out)
}
