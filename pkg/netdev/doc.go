// Package netdev is the only user of netlink and nftables: network namespaces,
// bridges, veth pairs, routes, and Pouch's table of packet rules, applied whole
// in one transaction. It runs no program and keeps no state; every function
// works in the network namespace of the calling thread unless it is given
// another one. The sources are rtnetlink(7), network_namespaces(7), veth(4) and
// the kernel's Documentation/networking/ip-sysctl.rst.
package netdev
