package main

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

const (
	people = 500
	teams  = 25
	months = 36
)

// first is the day on which the CRM begins, days how many it holds.
var (
	first = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	days  = int(first.AddDate(0, months, 0).Sub(first).Hours() / 24)
)

// draw is a linear congruential generator (D. E. Knuth, MMIX): the same seed makes the same CRM on every machine.
type draw uint64

func (d *draw) below(n int) int {
	*d = *d*6364136223846793005 + 1442695040888963407
	return int((uint64(*d) >> 33) % uint64(n))
}

func (d *draw) of(list ...string) string { return list[d.below(len(list))] }

// export is a table of the CRM as it comes out of one: a CSV file and the mapping that reads it.
type export struct {
	table   string
	header  string
	mapping string
	rows    func(n int) int
	row     func(d *draw, n, i int, b []byte) []byte
}

const (
	dateForm   = "2006-01-02"
	momentForm = "2006-01-02 15:04:05"
)

func opened(n, i int) time.Time { return first.AddDate(0, 0, int(int64(i)*int64(days)/int64(n))) }

func number(b []byte, prefix string, i int) []byte {
	return strconv.AppendInt(append(b, prefix...), int64(1_000_000_000+i), 10)
}

func person(b []byte, d *draw) []byte {
	return strconv.AppendInt(append(b, 'u'), int64(d.below(people)), 10)
}

func moment(b []byte, at time.Time, d *draw) []byte {
	return at.Add(time.Duration(6*3600+d.below(43_200))*time.Second).AppendFormat(b, momentForm)
}

var exports = []export{
	{
		table: "user", header: "Id,Name,Team,Active",
		mapping: "  Id: id\n  Name: name\n  Team: team\n  Active: active\n",
		rows:    func(int) int { return people },
		row: func(_ *draw, _, i int, b []byte) []byte {
			b = strconv.AppendInt(append(b, 'u'), int64(i), 10)
			b = strconv.AppendInt(append(b, ",Person "...), int64(i), 10)
			b = strconv.AppendInt(append(b, ",Team "...), int64(i%teams), 10)
			return append(b, ",true"...)
		},
	},
	{
		table: "account", header: "Id,Account Name,Owner,Industry,City",
		mapping: "  Id: id\n  Account Name: name\n  Owner: owner\n  Industry: industry\n  City: city\n",
		rows:    func(n int) int { return max(1, n/10) },
		row: func(d *draw, _, i int, b []byte) []byte {
			b = number(b, "a", i)
			b = strconv.AppendInt(append(b, ",Müller & Söhne "...), int64(i), 10)
			b = person(append(b, ','), d)
			return append(append(append(append(b, ','), d.of("Maschinenbau", "Handel", "Dienstleistung", "")...), ','), d.of("Köln", "Ulm", "Kiel", "Gera")...)
		},
	},
	{
		table: "opportunity", header: "Id,Name,Account,Owner,Stage,Amount,Currency,Probability,Created,Expected,Closed,Reason,Source",
		mapping: "  Id: id\n  Name: name\n  Account: account\n  Owner: owner\n  Stage: stage\n  Amount: {to: amount, style: \"decimal point\"}\n  Currency: currency\n  Probability: {to: probability, style: \"0 to 100\"}\n" +
			"  Created: opened_day\n  Expected: expected_close_day\n  Closed: closed_day\n  Reason: lost_reason\n  Source: lead_source\n" +
			"stages: {Offer: open, Won: won, Lost: lost, Cancelled: void}\n",
		rows: func(n int) int { return n },
		row: func(d *draw, n, i int, b []byte) []byte {
			at := opened(n, i)
			closed, end := at.AddDate(0, 0, d.below(160)), first.AddDate(0, 0, days)
			stage := d.of("Won", "Lost", "Lost", "Cancelled")
			if !closed.Before(end) {
				stage = "Offer"
			}
			b = number(b, "o", i)
			b = strconv.AppendInt(append(b, ",Anfrage "...), int64(i), 10)
			b = number(append(b, " – Maschinenbau,"...), "a", d.below(max(1, n/10)))
			b = person(append(b, ','), d)
			b = append(append(append(b, ','), stage...), ',')
			b = append(strconv.AppendInt(b, int64(1000+d.below(500)*100), 10), ".50,EUR,"...)
			b = append(strconv.AppendInt(b, int64(d.below(11)*10), 10), ',')
			b = append(at.AppendFormat(b, dateForm), ',')
			b = append(at.AddDate(0, 0, d.below(120)).AppendFormat(b, dateForm), ',')
			if stage != "Offer" {
				b = closed.AppendFormat(b, dateForm)
			}
			b = append(b, ',')
			if stage == "Lost" {
				b = append(b, d.of("Preis", "Termin", "Kein Bedarf", "")...)
			}
			return append(append(b, ','), d.of("Messe", "Web", "Empfehlung")...)
		},
	},
	{
		table: "opportunity_change", header: "Id,Opportunity,Seq,Changed,By,Field,Old,New",
		mapping: "  Id: id\n  Opportunity: opportunity\n  Seq: seq\n  Changed: changed_at\n  By: changed_by\n  Field: field\n  Old: old_value\n  New: new_value\nfixed: {origin: user}\n",
		rows:    func(n int) int { return 5 * n },
		row: func(d *draw, n, i int, b []byte) []byte {
			deal := i / 5
			at := opened(n, deal)
			b = number(b, "h", i)
			b = number(append(b, ','), "o", deal)
			b = strconv.AppendInt(append(b, ','), int64(i%5), 10)
			changed := at.AddDate(0, 0, i%5*20+d.below(20))
			if end := first.AddDate(0, 0, days-1); changed.After(end) {
				changed = end
			}
			b = moment(append(b, ','), changed, d)
			b = person(append(b, ','), d)
			field := d.of("stage", "stage", "stage", "stage", "amount", "expected_close", "owner", "probability")
			b = append(append(append(b, ','), field...), ',')
			switch field {
			case "amount":
				b = strconv.AppendInt(b, int64(1000+d.below(500)*100), 10)
				b = strconv.AppendInt(append(b, ','), int64(1000+d.below(500)*100), 10)
			case "expected_close":
				b = at.AddDate(0, 0, d.below(120)).AppendFormat(b, time.DateOnly)
				b = at.AddDate(0, 0, d.below(160)).AppendFormat(append(b, ','), time.DateOnly)
			case "probability":
				b = append(b, "0.3,0.6"...)
			case "owner":
				b = person(append(person(b, d), ','), d)
			default:
				b = append(b, "New,Offer"...)
			}
			return b
		},
	},
	{
		table: "activity", header: "Id,Type,Owner,Account,Opportunity,Done",
		mapping: "  Id: id\n  Type: {to: type, values: {Call: call, Meeting: meeting, Email: email, Task: task, Note: note}}\n  Owner: owner\n  Account: account\n  Opportunity: opportunity\n  Done: done_at\n",
		rows:    func(n int) int { return 5 * n },
		row: func(d *draw, n, i int, b []byte) []byte {
			b = number(b, "t", i)
			b = append(append(append(b, ','), d.of("Call", "Meeting", "Email", "Task", "Note")...), ',')
			b = number(append(person(b, d), ','), "a", d.below(max(1, n/10)))
			b = number(append(b, ','), "o", i/5)
			return moment(append(b, ','), opened(5*n, i), d)
		},
	},
}

func (e export) file(dir string) string { return filepath.Join(dir, e.table+".csv") }

func (e export) mappingFile(dir string) string { return filepath.Join(dir, e.table+".yaml") }

// write makes the files of a CRM with n opportunities and answers their size.
func write(dir string, n int) (bytes int64, err error) {
	d := draw(2026)
	for _, e := range exports {
		if err := os.WriteFile(e.mappingFile(dir), []byte("mapping: "+e.table+"\ntable: "+e.table+"\ncolumns:\n"+e.mapping), 0o600); err != nil {
			return 0, err
		}
		size, err := e.write(dir, n, &d)
		if err != nil {
			return 0, err
		}
		bytes += size
	}
	return bytes, nil
}

func (e export) write(dir string, n int, d *draw) (size int64, err error) {
	f, err := os.Create(e.file(dir))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	line := append([]byte(e.header), '\n')
	for i := -1; i < e.rows(n); i++ {
		if i >= 0 {
			line = append(e.row(d, n, i, line[:0]), '\n')
		}
		if _, err := w.Write(line); err != nil {
			return 0, err
		}
		size += int64(len(line))
	}
	return size, w.Flush()
}
