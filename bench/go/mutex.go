// SPDX-License-Identifier: MIT

package main

import (
	"runtime"
	"sync"
)

// ---- mutex, mutex-yield: size goroutines lock one mutex, n times in sum, and count under it

type shared struct {
	mutex sync.Mutex
	count int
}

func locker(s *shared, n int, done *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		s.mutex.Lock()
		s.count++
		s.mutex.Unlock()
	}
	done.Done()
}

func yieldingLocker(s *shared, n int, done *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		s.mutex.Lock()
		s.count++
		runtime.Gosched()
		s.mutex.Unlock()
	}
	done.Done()
}

func lockAll(locker func(*shared, int, *sync.WaitGroup), n, size int) bool {
	var s shared
	var done sync.WaitGroup
	each := (n + size - 1) / size
	done.Add(size)
	start()
	for i := 0; i < size; i++ {
		go locker(&s, each, &done)
	}
	done.Wait()
	stop()
	return s.count == size*each
}

func runMutex(n, size int) bool {
	return lockAll(locker, n, size)
}

func runMutexYield(n, size int) bool {
	return lockAll(yieldingLocker, n, size)
}
