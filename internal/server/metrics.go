package server

import (
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rendite-crm/rendite/internal/app"
)

// metrics are the measures that an operator watches.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(e *app.Engine, version string) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rendite_http_requests_total", Help: "Requests by route and status."}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "rendite_http_request_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}}, []string{"route"})}
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "rendite_build_info", Help: "Version of the program; always 1."}, []string{"version"})
	info.WithLabelValues(version).Set(1)
	m.registry.MustRegister(m.requests, m.seconds, info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "rendite_runs_total", Help: "Computations."}, func() float64 { return float64(e.Runs()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "rendite_runs_refused_total", Help: "Computations turned away because too many waited."}, func() float64 { return float64(e.Refused()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "rendite_runs_waiting", Help: "Computations that wait or run."}, func() float64 { return float64(e.Waiting()) }))
	return m
}

func (m *metrics) count(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// handler answers this machine only: what a firm computes, and how often, is nobody else's business. A collector
// elsewhere goes through a proxy that it is allowed to use.
func (m *metrics) handler() http.Handler {
	inner := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil || !loopback(host) || r.Header.Get("X-Forwarded-For") != "" {
			http.NotFound(w, r)
			return
		}
		inner.ServeHTTP(w, r)
	})
}
