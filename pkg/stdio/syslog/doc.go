// Package syslog sends log entries to a syslog server in the forms of RFC 5424
// and RFC 3164, over unix sockets, UDP (RFC 5426), TCP (RFC 6587) and TLS (RFC
// 5425).
package syslog
