// Command sockets prints which address families it may use.
package main

import (
	"fmt"
	"syscall"
)

func main() {
	for _, f := range []struct {
		name   string
		family int
	}{{"inet", syscall.AF_INET}, {"unix", syscall.AF_UNIX}, {"alg", syscall.AF_ALG}, {"vsock", 40}} {
		fd, err := syscall.Socket(f.family, syscall.SOCK_SEQPACKET, 0)
		if f.family == syscall.AF_INET || f.family == syscall.AF_UNIX {
			fd, err = syscall.Socket(f.family, syscall.SOCK_STREAM, 0)
		}
		if err != nil {
			fmt.Printf("%s: %v\n", f.name, err)
			continue
		}
		syscall.Close(fd)
		fmt.Printf("%s: ok\n", f.name)
	}
}
