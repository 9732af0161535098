// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"net"
	"os"
	"sync"
)

// ---- echo: accepts n connections, echoes on each until it is closed, and ends

func echo(c net.Conn, done *sync.WaitGroup) {
	buf := make([]byte, 2048)
	for {
		n, err := c.Read(buf)
		if err != nil {
			break
		}
		if _, err = c.Write(buf[:n]); err != nil {
			break
		}
	}
	c.Close()
	done.Done()
}

func runEcho(n, size int) bool {
	var done sync.WaitGroup
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return false
	}
	fmt.Printf("{\"port\": %d}\n", listener.Addr().(*net.TCPAddr).Port)
	start()
	for i := 0; i < n; i++ {
		c, err := listener.Accept() // Go sets TCP_NODELAY by itself
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return false
		}
		done.Add(1)
		go echo(c, &done)
	}
	done.Wait()
	stop()
	return true
}
