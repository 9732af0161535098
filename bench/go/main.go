// SPDX-License-Identifier: MIT

// The benchmarks of ../weft, row for row, in Go: "bench ROW N [SIZE]" prints one line of JSON.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/trace"
	"sort"
	"strconv"
	"syscall"
	"time"
)

type row struct {
	run  func(n, size int) bool // false: something came out wrong
	size int                    // how many goroutines, if the command line does not say
}

var rows = map[string]row{
	"yield":        {runYield, 2},
	"pingpong":     {runPingpong, 2},
	"ring":         {runRing, 1000},
	"buffered":     {runBuffered, 1},
	"select":       {runSelect, 4},
	"sieve":        {runSieve, 2000},
	"spawn":        {runSpawn, 1000},
	"parked":       {runParked, 1},
	"mutex":        {runMutex, 1},
	"mutex-yield":  {runMutexYield, 8},
	"sleepers":     {runSleepers, 1},
	"jobs":         {runJobs, 1000},
	"echo":         {runEcho, 1},
	"wake":         {runWake, 1},
	"wait-yield":   {runWaitYield, 2},
	"wait-pair":    {runWaitPair, 2},
	"wait-compute": {runWaitCompute, 2},
}

var wall time.Time
var wallSeconds, cpuSeconds float64
var values string

func cpuTime() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func start() {
	cpuSeconds = cpuTime()
	wall = time.Now()
}

func stop() {
	wallSeconds = time.Since(wall).Seconds()
	cpuSeconds = cpuTime() - cpuSeconds
}

func value(name string, v float64) {
	values += fmt.Sprintf(", \"%s\": %.3f", name, v)
}

func percentiles(p50, p99 string, ns []int64) {
	if len(ns) == 0 {
		return
	}
	sort.Slice(ns, func(i, j int) bool { return ns[i] < ns[j] })
	value(p50, float64(ns[len(ns)/2]))
	value(p99, float64(ns[len(ns)*99/100]))
}

const computeSteps = 80000

//go:noinline
func compute(steps int) uint64 {
	x := uint64(1)
	for i := 0; i < steps; i++ {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

// traced is as WEFT_TRACE is in C: BENCH_TRACE names the file for Go's own tracer.
func traced(run func() bool) bool {
	name := os.Getenv("BENCH_TRACE")
	if name == "" {
		return run()
	}
	f, err := os.Create(name)
	if err == nil {
		err = trace.Start(f)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %s\n", err)
		return false
	}
	right := run()
	trace.Stop()
	return f.Close() == nil && right
}

func usage() {
	fmt.Fprintf(os.Stderr, "usage: bench ROW N [SIZE]\nversion: %s\n", runtime.Version())
	os.Exit(2)
}

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		usage()
	}
	r, known := rows[os.Args[1]]
	n, err := strconv.Atoi(os.Args[2])
	size := r.size
	if len(os.Args) == 4 && err == nil {
		size, err = strconv.Atoi(os.Args[3])
	}
	if !known || err != nil || n < 1 || size < 1 {
		usage()
	}
	if !traced(func() bool { return r.run(n, size) }) {
		fmt.Fprintf(os.Stderr, "bench: %s came out wrong\n", os.Args[1])
		os.Exit(1)
	}
	fmt.Printf("{\"row\": \"%s\", \"n\": %d, \"size\": %d, \"wall_s\": %.6f, \"cpu_s\": %.6f, "+
		"\"ns\": %.3f%s}\n", os.Args[1], n, size, wallSeconds, cpuSeconds,
		wallSeconds*1e9/float64(n), values)
}
