// Package systemd speaks to the service manager and to its journal: sd_notify(3),
// the watchdog, and the journal's own protocol. On a host without systemd nobody
// listens, and every function says so or does nothing.
package systemd
