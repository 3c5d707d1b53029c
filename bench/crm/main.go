//go:build unix

// Command crm measures a large CRM: it writes the exports of one, imports them as rendite import does, and computes all key
// figures by month and team. Each import is a process of its own, so that its peak memory is its own.
//
//	go run ./bench/crm                20,000 opportunities, 100,000 changes, 100,000 activities
//	go run ./bench/crm -n 1000000     what is promised: import under 120 s, key figures under 10 s, memory under 500 MB
//
// -keep names a folder that keeps the files and the data; what is there already is used again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"syscall"
	"time"

	"github.com/rendite-crm/rendite/internal/cli"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/kpi"
	"github.com/rendite-crm/rendite/internal/warehouse"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "rendite" {
		return rendite(args[1:])
	}
	if len(args) == 2 && args[0] == "figures" {
		return figures(args[1])
	}
	flags := flag.NewFlagSet("crm", flag.ExitOnError)
	n := flags.Int("n", 20_000, "opportunities")
	keep := flags.String("keep", "", "folder to keep files and data in")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *n < 1 {
		return errors.New("-n must be at least 1")
	}
	dir := *keep
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "rendite-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	return measure(dir, *n)
}

func measure(dir string, n int) error {
	fmt.Printf("%d cores, %s\n", runtime.NumCPU(), runtime.Version())
	if _, err := os.Stat(exports[len(exports)-1].file(dir)); err != nil {
		started := time.Now()
		size, err := write(dir, n)
		if err != nil {
			return err
		}
		fmt.Printf("wrote %.0f MB of CSV in %.1f s\n", float64(size)/1e6, time.Since(started).Seconds())
	}
	data := filepath.Join(dir, "data.db")
	if _, err := os.Stat(data); err != nil {
		if err := imports(dir, data, n); err != nil {
			return err
		}
	}
	_, err := child("figures", data)
	return err
}

// imports brings every file in, in a process of its own.
func imports(dir, data string, n int) error {
	var total cost
	rows := 0
	for _, e := range exports {
		c, err := child("rendite", "import", e.file(dir), "--mapping", e.mappingFile(dir), "--data", data, "--lang", "en", "--timezone", "Europe/Berlin")
		if err != nil {
			return err
		}
		k := e.rows(n)
		fmt.Printf("  %-18s %8d rows  %6.1f s  %7.0f rows/s  %6.1f s of processor  peak %4.0f MB\n", e.table, k, c.seconds, float64(k)/c.seconds, c.processor, c.peak)
		rows += k
		total.seconds += c.seconds
		total.processor += c.processor
		total.peak = max(total.peak, c.peak)
	}
	size := int64(0)
	if info, err := os.Stat(data); err == nil {
		size = info.Size()
	}
	fmt.Printf("import             %8d rows  %6.1f s  %7.0f rows/s  %6.1f s of processor  peak %4.0f MB  data %d MB\n", rows, total.seconds, float64(rows)/total.seconds, total.processor, total.peak, size/1e6)
	return nil
}

type cost struct{ seconds, processor, peak float64 }

// child runs this program once more.
func child(args ...string) (cost, error) {
	c := exec.Command(os.Args[0], args...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	started := time.Now()
	err := c.Run()
	took := cost{seconds: time.Since(started).Seconds()}
	if u, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		took.processor = time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
		took.peak = peak(u)
	}
	return took, err
}

// peak is the largest resident size in MB. Linux counts kilobytes, macOS bytes.
func peak(u *syscall.Rusage) float64 {
	if runtime.GOOS == "darwin" {
		return float64(u.Maxrss) / 1e6
	}
	return float64(u.Maxrss) / 1e3
}

// rendite is the program itself. CPUPROFILE names a file for a profile.
func rendite(args []string) error {
	stop, err := profile()
	if err != nil {
		return err
	}
	code := cli.Main(context.Background(), args, cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv})
	stop()
	if code != 0 {
		return errors.New("rendite ended with " + strconv.Itoa(code))
	}
	return nil
}

func profile() (stop func(), err error) {
	name := os.Getenv("CPUPROFILE")
	if name == "" {
		return func() {}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { pprof.StopCPUProfile(); _ = f.Close() }, nil
}

// used is the processor time and the peak memory of this process.
func used() cost {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return cost{processor: time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds(), peak: peak(&u)}
}

// figures computes each text by itself, and then all of them.
func figures(data string) (err error) {
	stop, err := profile()
	if err != nil {
		return err
	}
	defer stop()
	ctx := context.Background()
	w, err := warehouse.Open(ctx, data, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	s, err := w.SourceByName(ctx, "", "CRM")
	if err != nil {
		return err
	}
	o := kpi.Options{First: crm.MonthOf(first), Last: crm.MonthOf(first) + months - 1, Today: crm.DayOf(first.AddDate(0, 0, days-1))}
	compute := func(name string, ids ...string) error {
		o := o
		o.Figures = ids
		started, before := time.Now(), used()
		if _, err := kpi.Compute(ctx, w, kpi.DialectOf(w), s, o); err != nil {
			return err
		}
		after := used()
		fmt.Printf("  %-18s %6.2f s  %6.2f s of processor  peak %4.0f MB\n", name, time.Since(started).Seconds(), after.processor-before.processor, after.peak)
		return nil
	}
	if os.Getenv("RENDITE_BENCH_TEXTS") != "" {
		done := map[string]bool{}
		for _, f := range kpi.Figures() {
			if !done[f.SQL] {
				done[f.SQL] = true
				if err := compute(f.SQL, f.ID); err != nil {
					return err
				}
			}
		}
	}
	return compute("all key figures")
}
