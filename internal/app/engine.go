package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/decide"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/report"
	"github.com/rendite-crm/rendite/internal/result"
	"github.com/rendite-crm/rendite/internal/revision"
)

// QuickDraws is the number of draws while a slider moves, in a tenth of the time of a full run. Sobol points are balanced
// best where their number is a power of two.
const QuickDraws = 1_024

const (
	// keptAnswers and keptWhys bound the memory of what was computed lately: an answer takes about half a megabyte.
	keptAnswers = 48
	keptWhys    = 64
	// queueLength is how many computations may wait for each one that runs; more are told to come again.
	queueLength = 150
	// retryAfter is when to come again.
	retryAfter = 2 * time.Second
	// longest is how long somebody waits for a computation, the queue included. What the examples ask for takes a second.
	longest = 30 * time.Second
)

// Engine computes answers for many people at once: no more at a time than there are cores, a bounded queue, and nothing
// twice at the same time.
type Engine struct {
	cat     *catalogue.Catalogue
	version string
	slots   chan struct{}
	waiting atomic.Int64
	answers *lru.Cache[question, *calc.Answer]
	whys    *lru.Cache[question, *decide.Explanation]
	texts   *lru.Cache[[sha256.Size]byte, *revision.Text]
	flights flights
	longest time.Duration
	draws   int // 0 is the default of calc and decide
	runs    atomic.Int64
	refused atomic.Int64
}

// question is what an answer depends on.
type question struct {
	text     [sha256.Size]byte
	scenario string
	draws    int
	lang     locale.Lang
}

func (q question) key(kind string) string {
	return kind + string(q.text[:]) + q.scenario + "\x00" + strconv.Itoa(q.draws) + string(q.lang)
}

// EngineOption changes how an engine computes.
type EngineOption func(*Engine)

// WithDraws makes every full run, explanations too, take so many draws: for tests that look at pages, not at figures.
func WithDraws(n int) EngineOption { return func(e *Engine) { e.draws = n } }

// NewEngine makes an engine over a catalogue; nil is the embedded one.
func NewEngine(cat *catalogue.Catalogue, version string, options ...EngineOption) (*Engine, error) {
	if cat == nil {
		var err error
		if cat, err = catalogue.Open(); err != nil {
			return nil, err
		}
	}
	e := &Engine{cat: cat, version: version, slots: make(chan struct{}, runtime.GOMAXPROCS(0)), longest: longest}
	e.answers, _ = lru.New[question, *calc.Answer](keptAnswers) // only a size below one fails
	e.whys, _ = lru.New[question, *decide.Explanation](keptWhys)
	e.texts, _ = lru.New[[sha256.Size]byte, *revision.Text](keptAnswers)
	for _, o := range options {
		o(e)
	}
	return e, nil
}

// Text opens a text for reading and editing. One that was opened lately is not read again; the name in its places is then
// that of the first time.
func (e *Engine) Text(name string, text []byte) (*revision.Text, error) {
	key := sha256.Sum256(text)
	if t, ok := e.texts.Get(key); ok {
		return t, nil
	}
	t, err := revision.Open(name, text)
	if err == nil {
		e.texts.Add(key, t)
	}
	return t, err
}

// Catalogue is what the engine's cases may name.
func (e *Engine) Catalogue() *catalogue.Catalogue { return e.cat }

// Runs is the number of computations so far, Refused how many were turned away; Waiting is how many wait now.
func (e *Engine) Runs() int64 { return e.runs.Load() }

// Refused is how many computations were turned away.
func (e *Engine) Refused() int64 { return e.refused.Load() }

// Waiting is how many computations wait or run now.
func (e *Engine) Waiting() int64 { return e.waiting.Load() }

// Case is a text as the engine computes it. The name appears in the places of diagnostics.
func (e *Engine) Case(text []byte, l *locale.Locale) calc.Case {
	return calc.Case{Name: l.Text("web.file_name", nil), Text: text, Catalogue: e.cat, Version: e.version}
}

// compute runs something on a core of its own, and waits for one. It fails at once where too many wait, with ctx, and
// after longest: then either no core came free, or the case takes too long.
func (e *Engine) compute(ctx context.Context, run func(context.Context) error) error {
	busy := &Error{Code: Unavailable, Key: "web.error.busy", RetryAfter: retryAfter}
	defer e.waiting.Add(-1)
	if e.waiting.Add(1) > int64(cap(e.slots)*queueLength) {
		e.refused.Add(1)
		return busy
	}
	own, cancel := context.WithTimeout(ctx, e.longest)
	defer cancel()
	select {
	case e.slots <- struct{}{}:
	case <-own.Done():
		if ctx.Err() == nil {
			e.refused.Add(1)
			return busy
		}
		return ctx.Err()
	}
	defer func() { <-e.slots }()
	e.runs.Add(1)
	err := run(own)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return &Error{Code: Unavailable, Key: "web.error.too_long", Args: diag.Args{"seconds": int(e.longest.Seconds())}}
	}
	return err
}

// once is compute for something that several may ask for at the same time; key says what.
func once[T any](ctx context.Context, e *Engine, key string, run func(context.Context) (T, error)) (T, error) {
	v, err := e.flights.do(ctx, key, func(ctx context.Context) (any, error) {
		var t T
		err := e.compute(ctx, func(ctx context.Context) (err error) { t, err = run(ctx); return err })
		return t, err
	})
	if err != nil {
		var none T
		return none, err
	}
	return v.(T), nil
}

// Answer computes a case in a scenario with so many draws; 0 is the engine's, else calc.DefaultDraws. Problems of the case are an Error with
// Code Invalid and the list.
func (e *Engine) Answer(ctx context.Context, text []byte, scenario string, draws int, l *locale.Locale) (*calc.Answer, error) {
	q := question{sha256.Sum256(text), scenario, draws, l.Lang()}
	if a, ok := e.answers.Get(q); ok {
		return a, nil
	}
	return once(ctx, e, q.key("answer"), func(ctx context.Context) (*calc.Answer, error) {
		a, list, err := calc.Run(ctx, e.Case(text, l), calc.Options{Scenario: scenario, Draws: cmp.Or(draws, e.draws), Seed: calc.DefaultSeed, Lang: string(l.Lang()),
			Definitions: draws != QuickDraws, Brief: draws == QuickDraws})
		if err != nil {
			return nil, err
		}
		if a == nil {
			return nil, problems(list)
		}
		report.TranslateNotes(a.Result, l)
		if draws != QuickDraws { // what a slider passes through is not asked for again
			e.answers.Add(q, a)
		}
		return a, nil
	})
}

// Vary is a quick answer to a case with other values of one range, in the unit of the file. ok is false where that takes a
// new reading of the case: Answer then tells what comes of it.
func (e *Engine) Vary(ctx context.Context, text []byte, scenario, id string, values [3]float64, l *locale.Locale) (answer *calc.Answer, ok bool, err error) {
	a, err := e.Answer(ctx, text, scenario, 0, l)
	if err != nil {
		return nil, false, err
	}
	q, known := a.Model.Quantity(id)
	if !known {
		return nil, false, nil
	}
	d, ok := q.Ranged(values[0], values[1], values[2])
	if !ok {
		return nil, false, nil
	}
	var list diag.List
	err = e.compute(ctx, func(ctx context.Context) (err error) {
		answer, list, err = a.Vary(ctx, id, d, calc.Options{Draws: QuickDraws, Workers: e.workers()})
		return err
	})
	if err != nil || list.Err() != nil {
		return nil, false, err
	}
	return answer, true, nil
}

// workers is how many cores a short run may take: all, unless others want them too.
func (e *Engine) workers() int {
	if e.Waiting() > 1 {
		return 1
	}
	return 0
}

// Explain answers why, and what next, for a case in a scenario.
func (e *Engine) Explain(ctx context.Context, text []byte, scenario string, l *locale.Locale) (*decide.Explanation, error) {
	q := question{sha256.Sum256(text), scenario, 0, l.Lang()}
	if x, ok := e.whys.Get(q); ok {
		return x, nil
	}
	return once(ctx, e, q.key("why"), func(ctx context.Context) (*decide.Explanation, error) {
		s, err := e.study(ctx, text, scenario, l)
		if err != nil {
			return nil, err
		}
		x, err := s.Explain(ctx, nil)
		if err != nil {
			return nil, err
		}
		report.Translate(x, s.Result, l)
		e.whys.Add(q, x)
		return x, nil
	})
}

func (e *Engine) study(ctx context.Context, text []byte, scenario string, l *locale.Locale) (*decide.Study, error) {
	s, list, err := decide.New(ctx, e.Case(text, l), calc.Options{Scenario: scenario, Draws: e.draws, Seed: calc.DefaultSeed, Lang: string(l.Lang())})
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, problems(list)
	}
	return s, nil
}

// Seek says what must hold for a target.
func (e *Engine) Seek(ctx context.Context, text []byte, scenario string, t decide.Target, l *locale.Locale) (*decide.Goal, error) {
	var g decide.Goal
	err := e.compute(ctx, func(ctx context.Context) error {
		s, err := e.study(ctx, text, scenario, l)
		if err == nil {
			g, err = s.Seek(ctx, t)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &g, nil
}

// Compare computes the case and all its scenarios on the same random numbers; nil where the case has no scenario.
func (e *Engine) Compare(ctx context.Context, text []byte, l *locale.Locale) (c *result.Comparison, err error) {
	m, list := calc.Check(e.Case(text, l), "")
	if list.Err() != nil {
		return nil, problems(list)
	}
	ids := []string{"base"}
	for _, s := range m.File.Scenarios {
		ids = append(ids, s.ID)
	}
	err = e.compute(ctx, func(ctx context.Context) (err error) {
		c, list, err = calc.Compare(ctx, e.Case(text, l), ids, calc.Options{Draws: e.draws, Seed: calc.DefaultSeed, Lang: string(l.Lang())})
		return err
	})
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, problems(list)
	}
	return c, nil
}

// Audit looks for what a controller would object to.
func (e *Engine) Audit(ctx context.Context, text []byte, scenario string, l *locale.Locale) (diag.List, error) {
	a, err := e.Answer(ctx, text, scenario, 0, l)
	if err != nil {
		return nil, err
	}
	return decide.Audit(a), nil
}

// Check reads a text without computing it; the list holds errors and warnings.
func (e *Engine) Check(text []byte, l *locale.Locale) diag.List {
	_, list := calc.Check(e.Case(text, l), "")
	return list
}

func problems(list diag.List) error {
	return &Error{Code: Invalid, Key: "web.error.case", Problems: list}
}
