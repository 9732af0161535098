// SPDX-License-Identifier: MIT

package main

import (
	"runtime"
	"sync"
)

// ---- yield: two goroutines take turns; n switches in sum

func yielder(n int, done *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		runtime.Gosched()
	}
	done.Done()
}

func runYield(n, size int) bool {
	var done sync.WaitGroup
	done.Add(size)
	start()
	for i := 0; i < size; i++ {
		go yielder((n+size-1)/size, &done)
	}
	done.Wait()
	stop()
	return true
}

// ---- pingpong: size / 2 pairs on two unbuffered channels each; n round trips in sum

func pinger(n int, ping, pong, gate chan int, done *sync.WaitGroup) {
	<-gate
	for i := 0; i < n; i++ {
		ping <- i
		<-pong
	}
	close(ping)
	done.Done()
}

func ponger(ping, pong chan int, done *sync.WaitGroup) {
	for v := range ping {
		pong <- v
	}
	done.Done()
}

func runPingpong(n, size int) bool {
	var done sync.WaitGroup
	pairs := size / 2
	gate := make(chan int)
	done.Add(2 * pairs)
	for i := 0; i < pairs; i++ {
		ping, pong := make(chan int), make(chan int)
		go ponger(ping, pong, &done)
		go pinger((n+pairs-1)/pairs, ping, pong, gate, &done)
	}
	start()
	close(gate)
	done.Wait()
	stop()
	return true
}

// ---- ring: one token goes round; the main goroutine is one of the size nodes; n hops

func node(left, right chan int) {
	for v := range left {
		right <- v - 1
	}
	close(right)
}

// laps sends the token round until at least n hops are done.
func laps(first, last chan int, n int) int {
	left := n
	for left > 0 {
		first <- left - 1
		left = <-last
	}
	return n - left
}

func runRing(n, size int) bool {
	first := make(chan int)
	last := first
	for i := 1; i < size; i++ {
		next := make(chan int)
		go node(last, next)
		last = next
	}
	laps(first, last, 1) // everybody has run once
	start()
	hops := laps(first, last, n)
	stop()
	close(first)
	<-last
	return hops >= n && hops < n+size
}
