// Command rendite answers what a CRM brings and when it has paid for itself.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/rendite-crm/rendite/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv})
	stop()
	os.Exit(code)
}
