# Everything a developer or CI calls. Each target may be repeated and installs what it needs, or says what to install.
SHELL := /bin/bash
export CGO_ENABLED := 0
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X github.com/rendite-crm/rendite/internal/cli.Version=$(VERSION)
GO ?= go
FUZZTIME ?= 60s
LISTEN ?= 127.0.0.1:8080
DATABASE ?= rendite.db
SHARED := $(or $(RENDITE_SHARED),$(abspath ../shared))

.PHONY: run build test race reference lint fuzz bench golden generate postgres libreoffice clean

run: build ## the workspace with the example cases, on 127.0.0.1; LISTEN=127.0.0.1:8081 for another port
	@bin/rendite serve --demo --listen $(LISTEN) --database $(DATABASE)

build: bin/rendite

bin/rendite: $(shell find cmd internal examples -type f -not -name '*_test.go' -not -path '*/testdata/*' 2>/dev/null) go.mod go.sum | go
	@$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/rendite

.PHONY: go
go:
	@command -v $(GO) >/dev/null || { echo "Rendite needs Go 1.26 or newer: https://go.dev/doc/install, or apt-get install golang-go where it is new enough"; exit 1; }

test: | go postgres libreoffice ## all tests; those of the store need PostgreSQL's programs
	@$(GO) vet ./...
	@.ci/gotest "make test" ./...

race: | go postgres libreoffice
	@CGO_ENABLED=1 $(GO) test -race ./...

reference: | go ## against published cases and reference data beside the repository
	@test -d "$(SHARED)/published" || { echo "make reference: no reference data in $(SHARED); set RENDITE_SHARED"; exit 1; }
	@RENDITE_SHARED="$(SHARED)" .ci/gotest "make reference" -tags reference -run Reference ./...

lint: | go ## gofmt, go vet, staticcheck and errcheck through golangci-lint, modules tidy
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "gofmt: $$out"; exit 1; }
	@$(GO) mod tidy -diff >/dev/null || { echo "go.mod is not tidy: go mod tidy"; exit 1; }
	@$(GO) mod verify >/dev/null
	@$(GO) -C tools build -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@bin/golangci-lint run ./...
	@echo "make lint: clean"

fuzz: | go ## every fuzzer for FUZZTIME
	@FUZZTIME=$(FUZZTIME) .ci/fuzz

bench: | go ## ratios against the hand-written kernel, in one run
	@RENDITE_SHARED="$(SHARED)" $(GO) run ./bench
	@$(GO) test -run '^$$' -bench . -benchtime 300ms ./internal/dist ./internal/draw ./internal/sim ./internal/calc

golden: | go ## rewrite the golden files; read the diff as prose
	@$(GO) test ./internal/report ./internal/chart ./internal/calc ./internal/cli ./internal/auth -update

generate: | go ## the Go code of the store's queries, after a change to internal/store/query/sql
	@$(GO) -C tools build -o ../bin/sqlc github.com/sqlc-dev/sqlc/cmd/sqlc
	@bin/sqlc generate -f internal/store/sqlc.yaml
	@cd internal/store && sha256sum query/sql/*.sql migration/*.sql > query/sources.sum

postgres: ## the programs that the store's tests start a private PostgreSQL with
	@.ci/postgres

libreoffice: ## the program that the workbook's tests recalculate with
	@.ci/libreoffice

clean:
	@rm -rf bin
