// Package spec turns a container's record into the OCI runtime configuration,
// and an image's configuration with the caller's words into a process. It is
// pure: what it needs of the host is a Host (package hostfacts reads it). What a
// container gets and is denied by default equals docker's.
//
// Formats: OCI runtime specification 1.3, OCI image specification 1.1.
package spec
