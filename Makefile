# Everything a developer or CI calls. Each target may be repeated and installs what it needs, or says what to install.
SHELL := /bin/bash
export CGO_ENABLED := 0
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X github.com/rendite-crm/rendite/internal/cli.Version=$(VERSION)
GO ?= go
FUZZTIME ?= 60s
LOADTIME ?= 600
DEALS ?= 20000
LISTEN ?= 127.0.0.1:8080
DATABASE ?= rendite.db
SHARED := $(or $(RENDITE_SHARED),$(abspath ../shared))

.PHONY: run build test race load reference lint vuln fuzz bench screenshots golden generate postgres mariadb chromium axe libreoffice poppler openpyxl tryton prism clean

run: build ## the workspace with the example cases, on 127.0.0.1; LISTEN=127.0.0.1:8081 for another port
	@bin/rendite serve --demo --listen $(LISTEN) --database $(DATABASE)

build: bin/rendite

bin/rendite: $(shell find cmd internal examples -type f -not -name '*_test.go' -not -path '*/testdata/*' 2>/dev/null) go.mod go.sum | go
	@echo "building Rendite; the first time takes a minute or two"
	@$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/rendite

.PHONY: go
go:
	@command -v $(GO) >/dev/null || { echo "Rendite needs Go 1.26 or newer: https://go.dev/doc/install, or apt-get install golang-go where it is new enough"; exit 1; }

test: | go postgres mariadb chromium axe libreoffice poppler ## all tests; those of the store need PostgreSQL, those of SQL sources MariaDB as well, those of e2e Chromium, those of the workbook LibreOffice, those of PDF poppler
	@$(GO) vet ./...
	@.ci/gotest "make test" ./...

race: | go postgres mariadb chromium axe libreoffice poppler
	@CGO_ENABLED=1 $(GO) test -race ./...

reference: | go libreoffice openpyxl tryton prism ## against published cases and reference data beside the repository
	@test -d "$(SHARED)/published" || { echo "make reference: no reference data in $(SHARED); set RENDITE_SHARED"; exit 1; }
	@# The workbook's take longest: they begin first, and the others, such as filling Tryton, run beside them.
	@RENDITE_SHARED="$(SHARED)" .ci/gotest "make reference" -tags reference -run Reference ./internal/report/workbook ./...

lint: | go ## gofmt, go vet, staticcheck and errcheck through golangci-lint, modules tidy
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "gofmt: $$out"; exit 1; }
	@$(GO) mod tidy -diff >/dev/null || { echo "go.mod is not tidy: go mod tidy"; exit 1; }
	@$(GO) mod verify >/dev/null
	@$(GO) -C tools build -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@bin/golangci-lint run ./...
	@echo "make lint: clean"

vuln: | go ## known vulnerabilities in what the program calls, where their database can be reached
	@$(GO) -C tools build -o ../bin/govulncheck golang.org/x/vuln/cmd/govulncheck
	@.ci/vuln

fuzz: | go ## every fuzzer for FUZZTIME
	@FUZZTIME=$(FUZZTIME) .ci/fuzz

bench: | go ## ratios against the hand-written kernel, in one run; import and key figures of a CRM with DEALS opportunities
	@RENDITE_SHARED="$(SHARED)" $(GO) run ./bench
	@$(GO) run ./bench/crm -n $(DEALS)
	@$(GO) test -run '^$$' -bench . -benchtime 300ms ./internal/dist ./internal/draw ./internal/sim ./internal/calc
	@.ci/chromium
	@$(GO) test -run '^$$' -bench . -benchtime 1x ./e2e

screenshots: | go chromium axe ## every page in both languages, light and dark, 360 and 1440 px wide, printed, and the README's, into bin/screenshots
	@rm -rf bin/screenshots
	@$(GO) test ./e2e -count=1 -timeout 30m -run 'TestEveryPage|TestPrinted|TestReadme' -screenshots "$(CURDIR)/bin/screenshots"
	@echo "make screenshots: $$(ls bin/screenshots | wc -l) pictures in bin/screenshots"

golden: | go ## rewrite the golden files; read the diff as prose
	@$(GO) test ./internal/report ./internal/report/markdown ./internal/chart ./internal/calc ./internal/auth ./internal/kpi ./internal/quality ./internal/tabular ./internal/api ./internal/server -update

generate: | go ## the Go code of the store's queries, after a change to internal/store/query/sql
	@$(GO) -C tools build -o ../bin/sqlc github.com/sqlc-dev/sqlc/cmd/sqlc
	@bin/sqlc generate -f internal/store/sqlc.yaml
	@cd internal/store && sha256sum query/sql/*.sql migration/*.sql > query/sources.sum

load: build ## 200 connections that keep moving a slider: LOADTIME seconds of it, with the memory meanwhile
	@.ci/load $(LOADTIME)

postgres: ## the programs that the store's tests start a private PostgreSQL with
	@.ci/postgres

mariadb: ## the programs that the tests of SQL sources start a private MariaDB with
	@.ci/mariadb

chromium: ## the browser that the tests of e2e drive
	@.ci/chromium

axe: ## axe-core, which those tests look for barriers with
	@.ci/axe bin/axe.min.js

libreoffice: ## the program that the tests of the workbook recalculate with
	@.ci/libreoffice

poppler: ## the programs that the tests of PDF read it with
	@.ci/poppler

tryton: ## the CRM that the reference tests of connectors read
	@.ci/tryton

prism: ## the server of vendors' descriptions that the reference tests of connectors ask
	@.ci/prism bin/prism

openpyxl: ## what the reference tests write workbooks of others with
	@.ci/openpyxl

clean:
	@rm -rf bin
