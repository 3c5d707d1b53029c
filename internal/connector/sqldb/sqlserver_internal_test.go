package sqldb

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
	"github.com/rendite-crm/rendite/internal/tabular"
)

// There is no SQL Server to test against: what the driver is told, and what comes of its values, is all that is looked at.
func TestSQLServer_whatTheDriverIsTold(t *testing.T) {
	for address, want := range map[string]struct {
		encryption msdsn.Encryption
		trust      bool
	}{
		"sqlserver://db.internal:1434":             {msdsn.EncryptionRequired, false},
		"sqlserver://db.internal:1434?tls=verify":  {msdsn.EncryptionRequired, false},
		"sqlserver://db.internal:1434?tls=encrypt": {msdsn.EncryptionRequired, true},
		"mssql://db.internal:1434?tls=off":         {msdsn.EncryptionDisabled, false},
	} {
		const password = "p;a=s's\"w}{o&r?d"
		a := connector.Access{Settings: connector.Settings{Address: address, Database: "crm;encrypt=disable", User: "lesen", Mapping: "tables:\n  - table: user\n    query: SELECT 1 AS id\n"},
			Secret: auth.SecretOf(password), Zone: time.UTC, HTTP: connector.ClientOptions{Allowed: []string{"db.internal"}}}
		made, err := New(a)
		if err != nil {
			t.Fatal(err)
		}
		c, err := made.(*reader).sqlServerConfig()
		if err != nil {
			t.Fatal(err)
		}
		if c.Host != "db.internal" || c.Port != 1434 || c.Instance != "" || c.Database != "crm;encrypt=disable" || c.User != "lesen" || c.Password != password || !c.ReadOnlyIntent || !c.DisableRetry || c.AppName != "rendite" {
			t.Errorf("%s: %+v", address, c)
		}
		if c.Encryption != want.encryption || c.TrustServerCertificate != want.trust || c.FailOverPartner != "" {
			t.Errorf("%s: %+v", address, c)
		}
		if (c.TLSConfig == nil) != (want.encryption == msdsn.EncryptionDisabled) || c.TLSConfig != nil && (c.TLSConfig.ServerName != "db.internal" || c.TLSConfig.InsecureSkipVerify != want.trust) {
			t.Errorf("%s: %+v", address, c.TLSConfig)
		}
	}
}

func TestSince_isTheEarlierClock(t *testing.T) {
	at := time.Date(2025, 7, 1, 12, 0, 0, 0, time.UTC)
	for zone, want := range map[string]string{"Europe/Berlin": "12:00", "UTC": "12:00", "America/New_York": "08:00"} {
		z, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		named, ok := sqlServer.since(at, z, 3)[0].(sql.NamedArg)
		if !ok || named.Name != "since" || named.Value.(time.Time).Format("15:04") != want || len(sqlServer.since(at, z, 3)) != 1 {
			t.Errorf("%s: %v", zone, named)
		}
		if args := mariaDB.since(at, z, 2); len(args) != 2 || args[1] != "2025-07-01 "+want+":00" {
			t.Errorf("%s: %v", zone, args)
		}
	}
}

func TestCell(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2024, 7, 1, 12, 0, 0, 123_000_000, time.UTC)
	cell := func(text string) tabular.Cell { return tabular.Cell{Text: text} }
	for name, c := range map[string]struct {
		kind  kind
		value any
		want  tabular.Cell
	}{
		"DATETIME2 is what the clocks show": {sqlServerKind("DATETIME2"), noon, cell("2024-07-01T10:00:00.123Z")},
		"DATETIMEOFFSET is a moment":        {sqlServerKind("DATETIMEOFFSET"), noon.In(zone), cell("2024-07-01T12:00:00.123Z")},
		"DATE is a day":                     {sqlServerKind("DATE"), time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC), cell("2024-07-01")},
		"TIME":                              {sqlServerKind("TIME"), noon, cell("12:00:00.123")},
		"MONEY":                             {sqlServerKind("MONEY"), []byte("-1234.5678"), cell("-1234.5678")},
		"BIT":                               {sqlServerKind("BIT"), true, tabular.Cell{Text: "true", Kind: tabular.KindBool}},
		"UNIQUEIDENTIFIER": {sqlServerKind("UNIQUEIDENTIFIER"), []byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff},
			cell("00112233-4455-6677-8899-AABBCCDDEEFF")}, // as in the documentation of the type
		"VARBINARY":        {sqlServerKind("VARBINARY"), []byte{0, 255}, cell("00ff")},
		"REAL":             {sqlServerKind("REAL"), float64(float32(0.1)), cell("0.1")},
		"FLOAT":            {sqlServerKind("FLOAT"), 1e21, cell("1000000000000000000000")},
		"NVARCHAR":         {sqlServerKind("NVARCHAR"), "Gro\u0308ße", cell("Größe")},
		"NULL":             {sqlServerKind("NVARCHAR"), nil, tabular.Cell{Kind: tabular.KindNull}},
		"empty":            {sqlServerKind("NVARCHAR"), "", cell("")},
		"no day at all":    {mariaDBKind("DATE"), []byte("0000-00-00"), tabular.Cell{Kind: tabular.KindNull}},
		"half a day stays": {mariaDBKind("DATE"), []byte("2024-00-00"), cell("2024-00-00")},
		"BIT of MariaDB":   {mariaDBKind("BIT"), []byte{0}, tabular.Cell{Text: "false", Kind: tabular.KindBool}},
		"more than a bit":  {mariaDBKind("BIT"), []byte{1, 2}, cell("258")},
	} {
		got, ok := c.kind.cell(c.value, zone)
		if !ok || got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if c, ok := texts.cell("a\xffb", zone); ok || c.Text != "a\ufffdb" {
		t.Errorf("text that is not UTF-8: %+v", c)
	}
}

func TestSQLServerFailure(t *testing.T) {
	got := map[int32]connector.Code{}
	for _, number := range []int32{18456, 229, 4060, 3906, 1222, 207, 245, 1205} {
		code, detail := sqlServerFailure(mssql.Error{Number: number, Class: 14, Message: "Conversion failed for 'Geheime GmbH'."})
		got[number] = code
		if strings.Contains(detail, "Geheime") != (number == 207) {
			t.Errorf("%d: %s", number, detail)
		}
	}
	want := map[int32]connector.Code{18456: connector.Denied, 229: connector.Denied, 4060: connector.Missing, 3906: connector.Changes, 1222: connector.Slow, 207: connector.Query, 245: connector.Query, 1205: connector.Query}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if code, _ := sqlServerFailure(mssql.Error{Number: 40613, Class: 20}); code != connector.Unavailable {
		t.Error(code)
	}
}
