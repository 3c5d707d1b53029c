package api_test

import (
	"strings"
	"testing"
	"time"
)

// A file goes from the upload to key figures and back, through HTTP alone.
func TestData_journey(t *testing.T) {
	w := newWorld(t)
	data := "/organisations/{org}/data"
	csv := map[string]string{"Content-Type": "text/csv"}
	w.run(t, call{as: "editor", request: "POST " + data + "/uploads?file=deals.csv&source=Tryton&timezone=Europe/Berlin&currency=EUR", yaml: deals, header: csv, status: 201,
		has:   map[string]any{"state": "open", "fits": false, "columns.0.name": "Nr", "columns.1.to.0": "stage", "columns.1.labels.0.rows": 1, "source": "Tryton", "problems.0.code": "mapping_needed"},
		sends: map[string]string{"Location": "*"}, keep: map[string]string{"up": "id"}})
	w.run(t, call{as: "editor", request: "POST " + data + "/uploads/{up}/start", status: 422, code: "invalid"})
	w.run(t, call{as: "editor", request: "PUT " + data + "/uploads/{up}/mapping", yaml: "table: nothing\n", status: 422, code: "invalid", has: map[string]any{"errors.0.code": "mapping_table"}})
	w.run(t, call{as: "editor", request: "PUT " + data + "/uploads/{up}/mapping", json: `{"text":"table: opportunity\ncolumns: {Nr: id, Phase: stage, Angelegt: opened_day}\nstages: {Gewonnen: won}\n"}`, status: 200, has: map[string]any{"fits": true}})
	w.run(t, call{as: "editor", request: "PUT " + data + "/uploads/{up}/mapping", yaml: dealsMapping, status: 200,
		has: map[string]any{"fits": true, "preview.0.cells.2.value": "1200.5", "preview.0.cells.3.value": "2025-04-13", "preview.2.cells.1.problem": "The mapping does not say whether the stage “Geparkt” is open, won, lost or void."}})
	for _, replayed := range []string{"", "true"} { // the same request is carried out once
		w.run(t, call{as: "editor", request: "POST " + data + "/uploads/{up}/start?keep=Deals", header: map[string]string{"Idempotency-Key": "k"}, status: 202, sends: map[string]string{"Idempotency-Replayed": replayed}})
	}
	for {
		a := w.run(t, call{as: "editor", request: "GET " + data + "/uploads/{up}", status: 200, keep: map[string]string{"batch": "import"}})
		if state := place(a.tree, "state"); state == "done" {
			break
		} else if state == "failed" || t.Failed() {
			t.Fatal(a.Body)
		}
		time.Sleep(5 * time.Millisecond) // the import is another goroutine's
	}
	journey(t, w,
		call{as: "editor", request: "GET " + data + "/imports/{batch}", status: 200, has: map[string]any{"read": 3, "inserted": 2, "updated": 0, "unchanged": 0, "rejected": 1, "state": "done", "source": "Tryton"}},
		call{as: "editor", request: "GET " + data + "/imports", status: 200, has: map[string]any{"items.0.id": "{batch}"}},
		call{as: "editor", request: "GET " + data + "/imports/{batch}/rejects?limit=1", status: 200, has: map[string]any{"items.0.line": 4, "items.0.column": "stage", "items.0.cells.2": "1,00"}, lacks: []string{"next"}},
		call{as: "editor", request: "GET " + data + "/imports/{batch}/rejects?cursor=4.stage", status: 200, lacks: []string{"items.0"}},
		call{as: "editor", request: "GET " + data + "/imports/{batch}/rejects?cursor=x", status: 422, code: "invalid"},
		call{as: "editor", request: "GET " + data + "/imports/{batch}/rejects.csv", status: 200, holds: "Geparkt", sends: map[string]string{"Content-Type": "text/csv; charset=utf-8"}},
		call{as: "editor", request: "GET " + data + "/mappings/Deals", status: 200, has: map[string]any{"table": "opportunity"}},
		call{as: "editor", request: "GET " + data + "/mappings/None", status: 404, code: "not_found"},
		call{as: "viewer", request: "GET " + data + "/sources", status: 200, has: map[string]any{"items.0.name": "Tryton"}, keep: map[string]string{"s": "items.0.id"}},
		call{as: "viewer", request: "GET " + data + "/figures?source={s}&figure=opportunities,win_rate&first=2025-04&last=2025-06", status: 200,
			has: map[string]any{"series.0.id": "opportunities", "series.0.teams.0.months.0.value": 1, "series.1.unit": "share", "data_until": "2025-05-14"}, holds: "SELECT"},
		call{as: "viewer", request: "GET " + data + "/figures?source={s}&figure=nothing", status: 404, code: "not_found"},
		call{as: "viewer", request: "GET " + data + "/figures?source={s}&first=2025-13", status: 422, code: "invalid"},
		call{as: "viewer", request: "GET " + data + "/figures?source=77", status: 404, code: "not_found"},
		// Another organisation's does not exist.
		call{as: "stranger", request: "GET /organisations/{other}/data/imports/{batch}", status: 404, code: "not_found"},
		call{as: "stranger", request: "GET /organisations/{other}/data/figures?source={s}", status: 404, code: "not_found"},
		call{as: "stranger", request: "DELETE /organisations/{other}/data/sources/{s}", status: 404, code: "not_found"},
		call{as: "stranger", request: "POST /organisations/{other}/data/uploads?like={batch}", yaml: deals, header: csv, status: 404, code: "not_found"},
		// What is none is refused with words.
		call{as: "editor", request: "POST " + data + "/uploads?file=x.csv", yaml: "%PDF-1.7", header: csv, status: 422, code: "invalid", has: map[string]any{"errors.0.code": "table_pdf"}},
		call{as: "editor", request: "POST " + data + "/uploads?file=x.csv&timezone=Mars", yaml: deals, header: csv, status: 422, code: "invalid"},
		call{as: "editor", request: "POST " + data + "/uploads?file=x.csv", yaml: deals, status: 415, code: "unsupported_media_type"},
		call{as: "editor", request: "POST " + data + "/uploads?file=x.csv", yaml: "Nr\n" + strings.Repeat("1\n", 600_000), header: csv, status: 413, code: "too_large"},
		call{as: "owner", request: "POST " + data + "/imports/{batch}/take-back", status: 204},
		call{as: "owner", request: "POST " + data + "/imports/{batch}/take-back", status: 409, code: "conflict"},
		call{as: "owner", request: "DELETE " + data + "/mappings/Deals", status: 204},
		call{as: "owner", request: "DELETE " + data + "/sources/{s}", status: 204},
		call{as: "viewer", request: "GET " + data + "/figures?source={s}", status: 404, code: "not_found"},
	)
}
