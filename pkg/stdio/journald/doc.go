// Package journald keeps a container's log in systemd's journal, with the fields
// that docker's driver has, and reads it back with journalctl(1).
package journald
