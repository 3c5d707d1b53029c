package connector

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/crm"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/quantity"
)

// secretKey is the setting that no file may hold.
const secretKey = "secret"

// ReadSettings reads settings from YAML, or JSON, with the names that they are kept under. The secret has no place in a file.
func ReadSettings(name string, text []byte) (Settings, diag.List) {
	var set Settings
	root, found := casefile.ParseYAML(name, text)
	if found.Err() != nil {
		return set, found
	}
	if root.Kind != casefile.Map {
		found.Add(diag.New("source_map", root.At, nil))
		return set, found
	}
	fields := map[string]reflect.Value{}
	var known []string
	v := reflect.ValueOf(&set).Elem()
	for i := range v.NumField() {
		key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if key == secretKey {
			continue
		}
		fields[key] = v.Field(i)
		known = append(known, key)
	}
	for _, e := range root.Entries {
		field, ok := fields[e.Key]
		switch {
		case e.Key == secretKey:
			found.Add(diag.New("source_secret", e.At, nil))
		case !ok:
			found.Add(diag.New("source_key", e.At, diag.Args{"name": e.Key, "nearest": quantity.Nearest(e.Key, known), "known": known}))
		case !put(field, e.Value):
			found.Add(diag.New("source_value", e.Value.At, diag.Args{"name": e.Key}))
		}
	}
	fieldsExist(root, &found)
	if found.Err() != nil {
		return Settings{}, found.Sorted()
	}
	return set, found
}

// put sets a field from a value of the file; false where it is of another kind.
func put(field reflect.Value, n *casefile.Node) bool {
	switch {
	case n.Kind == casefile.Null:
		return true
	case n.Kind == casefile.Scalar && field.Kind() == reflect.String:
		field.SetString(n.Text)
		return true
	case n.Kind == casefile.Scalar && field.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(n.Text)
		field.SetBool(b)
		return err == nil
	case n.Kind == casefile.Scalar && field.CanInt():
		i, err := strconv.ParseInt(n.Text, 10, 64)
		if err != nil || field.OverflowInt(i) {
			return false
		}
		field.SetInt(i)
		return true
	case n.Kind == casefile.List && field.Kind() == reflect.Slice:
		list := reflect.MakeSlice(field.Type(), len(n.Items), len(n.Items))
		for i, item := range n.Items {
			if !put(list.Index(i), item) {
				return false
			}
		}
		field.Set(list)
		return true
	case n.Kind == casefile.Map && field.Kind() == reflect.Map && field.Type().Key().Kind() == reflect.String:
		m := reflect.MakeMap(field.Type())
		for _, e := range n.Entries {
			one := reflect.New(field.Type().Elem()).Elem()
			if !put(one, e.Value) {
				return false
			}
			m.SetMapIndex(reflect.ValueOf(e.Key).Convert(field.Type().Key()), one)
		}
		field.Set(m)
		return true
	}
	return false
}

// fieldsExist checks that what is mapped are columns: a name with a mistake would change nothing, in silence.
func fieldsExist(root *casefile.Node, found *diag.List) {
	n := root.Get("fields")
	if n == nil || n.Kind != casefile.Map {
		return
	}
	for _, e := range n.Entries {
		var tables []string
		for _, t := range crm.Tables() {
			tables = append(tables, t.Name)
		}
		table, column, _ := strings.Cut(e.Key, ".")
		t, ok := crm.Find(table)
		if !ok {
			if nearest := quantity.Nearest(table, tables); nearest != "" {
				table = nearest + "." + column
			} else {
				table = ""
			}
			found.Add(diag.New("source_field", e.At, diag.Args{"name": e.Key, "nearest": table}))
			continue
		}
		var columns []string
		for _, c := range t.Columns {
			if c.Kind != crm.Month {
				columns = append(columns, c.Name)
			}
		}
		if !slices.Contains(columns, column) {
			nearest := quantity.Nearest(column, columns)
			if nearest != "" {
				nearest = table + "." + nearest
			}
			found.Add(diag.New("source_field", e.At, diag.Args{"name": e.Key, "nearest": nearest}))
		}
	}
}

// Missing are the settings of those named that are empty.
func (s Settings) Missing(names []string) (missing []string) {
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if slices.Contains(names, key) && v.Field(i).IsZero() {
			missing = append(missing, key)
		}
	}
	return missing
}
