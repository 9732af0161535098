// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ---- spawn: `size` goroutines are started, then waited for, until n were; ns for one

func nothing(done *sync.WaitGroup) {
	done.Done()
}

func runSpawn(n, size int) bool {
	var done sync.WaitGroup
	start()
	for some := 0; n > 0; n -= some {
		some = size
		if n < size {
			some = n
		}
		done.Add(some)
		for i := 0; i < some; i++ {
			go nothing(&done)
		}
		done.Wait()
	}
	stop()
	return true
}

// ---- parked: n goroutines wait on one channel, which is then closed

// kibOf gives the KiB of the file's line that begins with key, 0 if there is none.
func kibOf(file, key string) float64 {
	f, err := os.Open(file)
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.HasPrefix(s.Text(), key) {
			kib, _ := strconv.ParseFloat(strings.Fields(s.Text())[1], 64)
			return kib
		}
	}
	return 0
}

// residentBytes is all memory that is there because of this process: its pages, and the page tables.
func residentBytes() float64 {
	return 1024 * (kibOf("/proc/self/smaps_rollup", "Rss:") + kibOf("/proc/self/status", "VmPTE:"))
}

func parker(gate chan int, arrived, done *sync.WaitGroup) {
	arrived.Done()
	<-gate
	done.Done()
}

func runParked(n, size int) bool {
	var arrived, done sync.WaitGroup
	gate := make(chan int)
	before := residentBytes()
	arrived.Add(n)
	done.Add(n)
	start()
	t0 := time.Now()
	for i := 0; i < n; i++ {
		go parker(gate, &arrived, &done)
	}
	arrived.Wait()
	t1 := time.Now()
	parked := residentBytes()
	t2 := time.Now()
	close(gate)
	done.Wait()
	t3 := time.Now()
	stop()
	value("create_ns", float64(t1.Sub(t0).Nanoseconds())/float64(n))
	value("wake_ns", float64(t3.Sub(t2).Nanoseconds())/float64(n))
	value("bytes", (parked-before)/float64(n))
	return true
}
