// SPDX-License-Identifier: MIT

package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// now is in ns since the program began, of the monotonic clock.
func now() int {
	return int(time.Since(began))
}

var began = time.Now()

// ---- sleepers: n goroutines sleep until moments spread over a second; CPU and mean lateness

func sleeper(due int, late *int64, done *sync.WaitGroup) {
	time.Sleep(time.Duration(due - now()))
	*late = int64(now() - due)
	done.Done()
}

func runSleepers(n, size int) bool {
	late := make([]int64, n)
	var done sync.WaitGroup
	done.Add(n)
	start()
	first := now() + 500e6
	for i := 0; i < n; i++ {
		go sleeper(first+i*7919%n*(1e9/n), &late[i], &done)
	}
	done.Wait()
	stop()
	sum := int64(0)
	for _, l := range late {
		sum += l
	}
	value("late_ns", float64(sum)/float64(n))
	percentiles("late_p50", "late_p99", late)
	return true
}

// ---- jobs: n jobs of 100 us of computing, `size` at a time, each a goroutine

func job(done *sync.WaitGroup) {
	compute(computeSteps)
	done.Done()
}

func runJobs(n, size int) bool {
	var done sync.WaitGroup
	start()
	for some := 0; n > 0; n -= some {
		some = size
		if n < size {
			some = n
		}
		done.Add(some)
		for i := 0; i < some; i++ {
			go job(&done)
		}
		done.Wait()
	}
	stop()
	return true
}

// ---- wake: from a send to the receiver running, n times; the sender computes on for 1 ms

func listener(c chan int, ns []int64, done *sync.WaitGroup) {
	i := 0
	for sent := range c {
		ns[i] = int64(now() - sent)
		i++
	}
	done.Done()
}

func runWake(n, size int) bool {
	ns := make([]int64, n)
	c := make(chan int, 1)
	var done sync.WaitGroup
	done.Add(1)
	go listener(c, ns, &done)
	time.Sleep(10 * time.Millisecond) // the listener waits, and its thread idles
	start()
	for i := 0; i < n; i++ {
		c <- now()
		compute(10 * computeSteps)
	}
	close(c)
	done.Wait()
	stop()
	percentiles("wake_p50", "wake_p99", ns)
	return true
}

// ---- wait-pair, wait-compute, wait-yield: how long a goroutine waits for its turn, for n ms

var stopping int32

func busyPinger(c chan int, done *sync.WaitGroup) {
	for atomic.LoadInt32(&stopping) == 0 {
		c <- 1
		<-c
	}
	close(c)
	done.Done()
}

func busyPonger(c chan int, done *sync.WaitGroup) {
	for v := range c {
		c <- v
	}
	done.Done()
}

func busyComputer(done *sync.WaitGroup) {
	for atomic.LoadInt32(&stopping) == 0 {
		compute(100 * computeSteps)
		runtime.Gosched()
	}
	done.Done()
}

func waitBeside(ms int, yields bool, done *sync.WaitGroup) bool {
	const waitsMax = 1000000
	ns := make([]int64, 0, waitsMax)
	start()
	end := now() + ms*1e6
	for due := now(); due < end && len(ns) < waitsMax; {
		due = now()
		if yields {
			runtime.Gosched()
		} else {
			due += 1e6
			time.Sleep(time.Millisecond)
		}
		ns = append(ns, int64(now()-due))
	}
	stop()
	atomic.StoreInt32(&stopping, 1)
	done.Wait()
	percentiles("wait_p50", "wait_p99", ns)
	value("waits", float64(len(ns)))
	return true
}

func besidePairs(n, size int, yields bool) bool {
	var done sync.WaitGroup
	done.Add(size / 2 * 2)
	for i := 0; i < size/2; i++ {
		c := make(chan int)
		go busyPonger(c, &done)
		go busyPinger(c, &done)
	}
	return waitBeside(n, yields, &done)
}

func runWaitPair(n, size int) bool {
	return besidePairs(n, size, false)
}

func runWaitYield(n, size int) bool {
	return besidePairs(n, size, true)
}

func runWaitCompute(n, size int) bool {
	var done sync.WaitGroup
	done.Add(size)
	for i := 0; i < size; i++ {
		go busyComputer(&done)
	}
	return waitBeside(n, false, &done)
}
