// Package stdio wires the standard streams of a container's process: straight
// to the caller's descriptors, to a json-file log, to both, or to a terminal
// with any number of clients; and it reads the log back, also across rotation
// and while it grows. It knows no container and no runtime.
//
// The log's format is that of docker's json-file driver: one JSON object a
// line with log, stream and time; a line of more than 16 KiB is split, and only
// its last piece ends with a newline.
package stdio
