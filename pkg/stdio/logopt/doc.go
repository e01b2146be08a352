// Package logopt reads --log-driver and --log-opt, names and meanings docker's:
// pure, so that a command can refuse what the supervisor could not use later.
package logopt
