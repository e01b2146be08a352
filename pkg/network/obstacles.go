package network

import (
	"os"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/netdev"
)

// Obstacles tells of firewalls of this host that may drop packets of networks and
// that Pouch does not change, each with what to do.
func (m *Manager) Obstacles() []string {
	var out []string
	unzoned, _ := netdev.Unzoned(m.waysOut()) // what nftables does not tell is no obstacle that is known
	for _, link := range unzoned {
		out = append(out, "firewalld has "+link+" in no zone: it rejects what leaves that network: "+
			"firewall-cmd --permanent --zone=pouch --add-interface="+link+" and firewall-cmd --reload (the zone comes with make install)")
	}
	if legacyFilter() {
		out = append(out, "iptables-legacy has rules: where its policy of FORWARD is DROP let the networks pass: "+
			"iptables-legacy -I FORWARD -i "+m.someBridge()+" -j ACCEPT and -o "+m.someBridge()+", or move to iptables-nft")
	}
	return out
}

// legacyFilter reports whether iptables-legacy has rules that filter.
func legacyFilter() bool {
	names, _ := os.ReadFile("/proc/thread-self/net/ip_tables_names") // missing: no legacy iptables
	return slices.Contains(strings.Fields(string(names)), "filter")
}

// waysOut are the links of networks that have a way out.
func (m *Manager) waysOut() []string {
	all, _ := m.List() // a broken record is told elsewhere
	var out []string
	for _, n := range all {
		if n.Bridge != "" && !n.Internal {
			out = append(out, n.Bridge)
		}
	}
	return out
}

// someBridge is the link of a network, as an example.
func (m *Manager) someBridge() string {
	all, err := m.List()
	if err != nil || len(all) == 0 || all[0].Bridge == "" {
		return "pouch0"
	}
	return all[0].Bridge
}
