package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// passed is what a connection carried, in Gbit/s: the median of its samples. The
// ratio is to the reference plugins' of the same way.
type passed struct {
	Network string    `json:"network"`
	Way     string    `json:"way"`
	Median  float64   `json:"medianGbit"`
	Ratio   float64   `json:"ratio"`
	Samples []float64 `json:"samplesGbit"`
}

const (
	iperfSeconds = 3
	iperfPort    = 5201
	hostAddress  = "192.0.2.1" // of the host, on the link to a machine outside
)

// measureNetwork fills in what networks are measured by.
func (r *report) measureNetwork(s *harness.Suite, o options, dir string) error {
	b, err := newNetBench(s, dir)
	if err != nil {
		r.Skipped = append(r.Skipped, skip{"networks", firstLine(err.Error())})
		return nil
	}
	defer b.remove()
	all, err := b.joins()
	if err != nil {
		return err
	}
	run, left := able(all)
	r.Skipped = append(r.Skipped, left...)
	if err := latency(run, o.rounds); err != nil {
		return err
	}
	r.Joins = rows(run)
	if _, err := exec.LookPath("iperf3"); err != nil {
		r.Skipped = append(r.Skipped, skip{"what passes a network", "iperf3 is not installed"})
		return nil
	}
	r.Passed, err = b.pass(o.passes)
	return err
}

// pass measures both ways in both networks, interleaved.
func (b *netBench) pass(times int) ([]passed, error) {
	out, err := b.outside()
	if err != nil {
		return nil, err
	}
	var all []passed
	var ways []func() (float64, error)
	for i, network := range []string{"chain", "pouch"} {
		server, address, err := b.member(network, "server", mapping(15201+i, iperfPort))
		if err != nil {
			return nil, err
		}
		client, _, err := b.member(network, "client", "")
		if err != nil {
			return nil, err
		}
		published := []string{hostAddress, "-p", fmt.Sprint(15201 + i)}
		all = append(all, passed{Network: network, Way: "member to member"}, passed{Network: network, Way: "published port"})
		ways = append(ways,
			func() (float64, error) { return iperf(server, client, address, "-p", fmt.Sprint(iperfPort)) },
			func() (float64, error) { return iperf(server, out, published...) })
	}
	for range times {
		for i, way := range ways {
			g, err := way()
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", all[i].Network, all[i].Way, err)
			}
			all[i].Samples = append(all[i].Samples, g)
		}
	}
	for i := range all {
		all[i].Median = slices.Sorted(slices.Values(all[i].Samples))[times/2]
		all[i].Ratio = all[i].Median / all[i%2].Median
	}
	return all, nil
}

// member joins a new namespace to a network and returns its path and address.
func (b *netBench) member(network, name, ports string) (netns, address string, err error) {
	if netns, err = b.namespace(network + "-" + name); err != nil {
		return "", "", err
	}
	text, err := b.cni("add", network, netns, ports).Output()
	if err != nil {
		return "", "", fmt.Errorf("cnitool add %s: %w", network, err)
	}
	var result struct{ IPs []struct{ Address string } }
	if err := json.Unmarshal(text, &result); err != nil || len(result.IPs) == 0 {
		return "", "", fmt.Errorf("cnitool add %s: %w: %s", network, err, text)
	}
	address, _, _ = strings.Cut(result.IPs[0].Address, "/")
	return netns, address, nil
}

// outside makes a machine beside the host.
func (b *netBench) outside() (netns string, err error) {
	if netns, err = b.namespace("outside"); err != nil {
		return "", err
	}
	in := []string{"nsenter", "--net=" + netns, "--"}
	for _, c := range [][]string{
		{"ip", "link", "add", "out0", "type", "veth", "peer", "name", "out1", "netns", netns},
		{"ip", "addr", "add", hostAddress + "/24", "dev", "out0"},
		{"ip", "link", "set", "out0", "up"},
		append(in[:3:3], "ip", "addr", "add", "192.0.2.2/24", "dev", "out1"),
		append(in[:3:3], "ip", "link", "set", "out1", "up"),
	} {
		if err := runOne(exec.Command(c[0], c[1:]...)); err != nil {
			return "", err
		}
	}
	return netns, nil
}

// iperf runs a server for one connection and a client, and returns Gbit/s as the
// server received them.
func iperf(server, client string, to ...string) (float64, error) {
	s := exec.Command("nsenter", "--net="+server, "--", "iperf3", "-s", "-1", "-p", fmt.Sprint(iperfPort))
	if err := s.Start(); err != nil {
		return 0, err
	}
	defer func() { s.Process.Kill(); s.Wait() }()
	args := append([]string{"--net=" + client, "--", "iperf3", "-J", "-t", fmt.Sprint(iperfSeconds), "-c"}, to...)
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		text, err := exec.Command("nsenter", args...).Output()
		if g, why := received(text); why == "" {
			return g, nil
		} else if time.Now().After(end) { // before that the server may not be up
			return 0, fmt.Errorf("iperf3: %s (%w)", why, err)
		}
	}
}

// received is the rate that iperf3's report tells, in Gbit/s, or why there is none;
// its exit code does not say.
func received(text []byte) (gbit float64, why string) {
	var result struct {
		Error string
		End   struct {
			Received struct {
				Rate float64 `json:"bits_per_second"`
			} `json:"sum_received"`
		}
	}
	if err := json.Unmarshal(text, &result); err != nil {
		return 0, err.Error()
	}
	if result.Error == "" && result.End.Received.Rate == 0 {
		result.Error = "nothing was received"
	}
	return result.End.Received.Rate / 1e9, result.Error
}
