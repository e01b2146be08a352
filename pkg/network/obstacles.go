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
	if tables, err := netdev.Tables(); err == nil && slices.Contains(tables, "firewalld") {
		out = append(out, "firewalld runs: it rejects what leaves a network unless the network's link is in a zone that lets it pass: "+
			"firewall-cmd --permanent --zone=trusted --add-interface="+m.someBridge()+" and firewall-cmd --reload")
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

// someBridge is the link of a network, as an example.
func (m *Manager) someBridge() string {
	all, err := m.List()
	if err != nil || len(all) == 0 || all[0].Bridge == "" {
		return "pouch0"
	}
	return all[0].Bridge
}
