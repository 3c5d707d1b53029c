// Command bench measures the engine on the reference case R60 against a hand-written kernel in C and an analyst's numpy
// script, in one run and in turns, so that a slow or noisy machine slows all of them: read the ratios.
//
//	go run ./bench            everything
//	go run ./bench one 10000  one run of R60 with so many draws (used by the command itself)
package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/result"
	"github.com/rendite-crm/rendite/internal/sim"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 && args[0] == "one" {
		draws, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		return one(draws)
	}
	return all()
}

// r60 reads and checks the case; that time is not counted, as the kernel in C has no file to read.
func r60() (*model.Model, error) {
	text, err := os.ReadFile(filepath.Join("bench", "r60.yaml"))
	if err != nil {
		return nil, fmt.Errorf("run from the repository's root: %w", err)
	}
	m, list := calc.Check(calc.Case{Name: "r60.yaml", Text: text}, "")
	if list.Err() != nil {
		return nil, list
	}
	return m, nil
}

// answer runs the case and returns the seconds from the checked model to the figures: compile, draw, compute, quantiles of
// NPV, ROI and break-even, bands of every month.
func answer(draws int) (seconds float64, npv result.Spread, err error) {
	text, err := os.ReadFile(filepath.Join("bench", "r60.yaml"))
	if err != nil {
		return 0, npv, fmt.Errorf("run from the repository's root: %w", err)
	}
	a, list, err := calc.Run(context.Background(), calc.Case{Name: "r60.yaml", Text: text}, calc.Options{Draws: draws, Seed: 1})
	if err != nil {
		return 0, npv, err
	}
	if list.Err() != nil {
		return 0, npv, list
	}
	return (a.Timing.Compile + a.Timing.Simulate + a.Timing.Summarise) / 1000, a.Simulation.NPV, nil
}

// one runs R60 several times and prints the median time, the result and the peak memory of the process.
func one(draws int) error {
	repeat := 3
	if draws <= 100_000 {
		repeat = 15
	}
	var times []float64
	var npv result.Spread
	for range repeat {
		took, n, err := answer(draws)
		if err != nil {
			return err
		}
		npv = n
		times = append(times, took)
	}
	took := median(times)
	fmt.Printf("draws %d  seconds %.5f  fastest %.5f  ns/draw %.0f  npv p10 %.0f p50 %.0f p90 %.0f  peak MB %.0f\n", draws, took, slices.Min(times),
		took*1e9/float64(draws), *npv.P10, *npv.P50, *npv.P90, peak())
	return nil
}

// peak is the largest resident size of this process in MB, 0 where the system does not say.
func peak() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		return 0
	}
	kb, _ := strconv.ParseFloat(string(m[1]), 64)
	return kb / 1024
}

var seconds = regexp.MustCompile(`seconds\s+([0-9.]+)`)

// timed runs a command and reads the seconds it prints.
func timed(name string, args ...string) (float64, string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return 0, "", fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	m := seconds.FindSubmatch(out)
	if m == nil {
		return 0, "", fmt.Errorf("%s printed no time: %s", name, out)
	}
	v, err := strconv.ParseFloat(string(m[1]), 64)
	return v, string(bytes.TrimSpace(out)), err
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

func all() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	shared := os.Getenv("RENDITE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "shared")
	}
	fmt.Printf("%s, %d cores, %s\n\n", runtime.Version(), runtime.NumCPU(), cpu())

	var limit string
	if source := filepath.Join(shared, "bench", "limit.c"); exists(source) {
		dir, err := os.MkdirTemp("", "rendite-bench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		limit = filepath.Join(dir, "limit")
		if out, err := exec.Command("cc", "-O3", "-march=native", "-ffast-math", source, "-o", limit, "-lm", "-lpthread").CombinedOutput(); err != nil {
			return fmt.Errorf("cc: %w\n%s", err, out)
		}
	}
	const draws, rounds = 1_000_000, 7
	var ours, theirs, ratios []float64
	line := ""
	for range rounds {
		a, text, err := timed(self, "one", strconv.Itoa(draws))
		if err != nil {
			return err
		}
		line = text
		ours = append(ours, a)
		if limit != "" {
			b, _, err := timed(limit, strconv.Itoa(draws), strconv.Itoa(runtime.NumCPU()))
			if err != nil {
				return err
			}
			theirs = append(theirs, b)
			ratios = append(ratios, a/b)
		}
	}
	fmt.Println("R60, 1,000,000 draws, all cores: sampling, model, quantiles, monthly bands")
	fmt.Printf("  Rendite          %.3f s   (%s)\n", median(ours), line)
	if limit != "" {
		fmt.Printf("  kernel in C      %.3f s   ratio %.2f (goal: at most 1.5)\n", median(theirs), median(ratios))
	} else {
		fmt.Println("  kernel in C      not found; set RENDITE_SHARED")
	}
	small, text, err := timed(self, "one", "10000")
	if err != nil {
		return err
	}
	fmt.Printf("\nR60, 10,000 draws, after reading\n  Rendite          %.2f ms  (goal: under 10 ms; %s)\n", small*1000, text)

	script := filepath.Join(shared, "bench", "numpy_r60.py")
	if exists(script) && exec.Command("python3", "-c", "import numpy").Run() == nil {
		n, _, err := timed("python3", script, "100000")
		if err != nil {
			return err
		}
		a, _, err := timed(self, "one", "100000")
		if err != nil {
			return err
		}
		fmt.Printf("\nR60, 100,000 draws\n  Rendite          %.3f s\n  numpy            %.3f s   %.0f times as long (goal: at least 20)\n", a, n, n/a)
	} else {
		fmt.Println("\nnumpy or its script not found: not compared")
	}
	return convergence()
}

// convergence compares the error of the mean NPV at 16,384 draws between Sobol and pseudo-random points.
func convergence() error {
	m, err := r60()
	if err != nil {
		return err
	}
	g, err := m.Compile()
	if err != nil {
		return err
	}
	mean := func(draws int, seed uint64, pseudo bool) (float64, error) {
		out, err := sim.Run(context.Background(), g, sim.Options{Draws: draws, Seed: seed, Pseudo: pseudo})
		if err != nil {
			return 0, err
		}
		return sim.Mean(out.NPV), nil
	}
	truth, err := mean(1<<22, 99, false)
	if err != nil {
		return err
	}
	var squares [2]float64
	const seeds = 20
	for s := range uint64(seeds) {
		for i, pseudo := range []bool{false, true} {
			v, err := mean(16_384, s+1, pseudo)
			if err != nil {
				return err
			}
			squares[i] += (v - truth) * (v - truth)
		}
	}
	fmt.Printf("\nError of mean NPV at 16,384 draws, %d seeds: Sobol / pseudo-random = %.4f (goal: at most 0.1)\n", seeds, math.Sqrt(squares[0]/squares[1]))
	return nil
}

func exists(name string) bool { _, err := os.Stat(name); return err == nil }

func cpu() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.SplitSeq(string(info), "\n") {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimLeft(name, "\t :")
		}
	}
	return runtime.GOARCH
}
