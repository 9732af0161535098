// SPDX-License-Identifier: MIT

package main

import "sync"

// ---- buffered: size producers, size consumers, one channel of 128; n items in sum

func producer(c chan int, n int, done *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		c <- i
	}
	done.Done()
}

func consumer(c chan int, sum *int, done *sync.WaitGroup) {
	s := 0
	for v := range c {
		s += v
	}
	*sum = s
	done.Done()
}

func runBuffered(n, size int) bool {
	var sent, received sync.WaitGroup
	c := make(chan int, 128)
	sums := make([]int, size)
	each := (n + size - 1) / size
	sent.Add(size)
	received.Add(size)
	start()
	for i := 0; i < size; i++ {
		go consumer(c, &sums[i], &received)
		go producer(c, each, &sent)
	}
	sent.Wait()
	close(c)
	received.Wait()
	stop()
	sum := 0
	for _, s := range sums {
		sum += s
	}
	return sum == size*(each*(each-1)/2)
}

// ---- select: four producers on an unbuffered channel each, one consumer; n items

func runSelect(n, size int) bool {
	var sent sync.WaitGroup
	each := (n + 3) / 4
	sum := 0
	var c [4]chan int
	sent.Add(4)
	for i := range c {
		c[i] = make(chan int)
	}
	start()
	for i := range c {
		go producer(c[i], each, &sent)
	}
	for i := 0; i < 4*each; i++ {
		select {
		case v := <-c[0]:
			sum += v
		case v := <-c[1]:
			sum += v
		case v := <-c[2]:
			sum += v
		case v := <-c[3]:
			sum += v
		}
	}
	sent.Wait()
	stop()
	return sum == 4*(each*(each-1)/2)
}

// ---- sieve: n times the first `size` primes, a filter for each

func generate(out chan int, limit int) {
	for i := 2; i <= limit; i++ {
		out <- i
	}
	close(out)
}

func filter(in, out chan int, prime int) {
	for v := range in {
		if v%prime != 0 {
			out <- v
		}
	}
	close(out)
}

// sieve counts the primes up to limit; the filters end one after the other when the numbers do.
func sieve(limit int) int {
	in := make(chan int)
	count := 0
	go generate(in, limit)
	for {
		prime, ok := <-in
		if !ok {
			return count
		}
		count++
		out := make(chan int)
		go filter(in, out, prime)
		in = out
	}
}

// nthPrime is the last of the first n primes, by trial.
func nthPrime(n int) int {
	p := 1
	for n > 0 {
		p++
		d := 2
		for d*d <= p && p%d != 0 {
			d++
		}
		if d*d > p {
			n--
		}
	}
	return p
}

func runSieve(n, size int) bool {
	limit, right := nthPrime(size), true
	start()
	for i := 0; i < n; i++ {
		right = right && sieve(limit) == size
	}
	stop()
	return right
}
