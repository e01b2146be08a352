// Package supervisor is the program pouch-shim: it owns containers from their
// creation to their end. Process 1 is its child; it keeps the streams, the log,
// the terminal, the restart policy, the published ports and the exit code, and
// undoes what it did.
//
// There are two ways to start it. pouch-run starts one for a container that has
// a record of Pouch, with sockets as descriptors 3 to 6: such a supervisor ends
// with its container, and gives back what the run made before it goes.
// containerd-shim-pouch-v2 starts one for ctr, nerdctl and CRI, with the ttrpc
// socket as descriptor 3: it follows containerd's shim protocol
// (core/runtime/v2/README.md of containerd), holds the containers of one pod,
// and ends on Shutdown.
//
// Both serve containerd's task service, version 3, over ttrpc. The former also
// serves pkg/ctl, which `exec`, `stop`, `kill`, `wait` and `attach` use, so that
// those work while containerd is down.
package supervisor
