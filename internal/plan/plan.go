// Package plan is the arithmetic of a case: a graph of operations, each with its shape, and the lines of cost and benefit
// that come out of it. Start with Graph. It knows numbers only: units, names and texts stay in package model; random
// numbers and speed belong to package sim. Evaluate computes the same graph the plain way, for one set of inputs.
package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/rendite-crm/rendite/internal/dist"
)

// Shape says along which axes a value varies. The zero Shape is a constant.
type Shape uint8

// A value per month, a value per draw, and both.
const (
	Constant Shape = 0
	Monthly  Shape = 1
	PerDraw  Shape = 2
	PerCell  Shape = Monthly | PerDraw
)

// Op is an operation.
type Op uint8

// The operations. Comparison gives 0 or 1.
const (
	OpValue  Op = iota // constant or monthly series
	OpInput            // an uncertain input
	OpAdd              // X + Y
	OpSub              // X − Y
	OpMul              // X · Y
	OpDiv              // X / Y
	OpPow              // X ^ Y
	OpMin              // min(X, Y)
	OpMax              // max(X, Y)
	OpLess             // X < Y
	OpLessEq           // X ≤ Y
	OpEqual            // X = Y
	OpExp              // e^X
	OpLog              // ln X
	OpSqrt             // √X
	OpFloor            // largest whole number ≤ X
	OpIf               // X ≠ 0 ? Y : Z
	OpLag              // X of Lag months ago, 0 before month 0
	OpStock            // s(0) = 0; s(m) = s(m−1)·(1 − Y(m)) + X(m)
)

var opNames = [...]string{"value", "input", "+", "-", "*", "/", "^", "min", "max", "<", "<=", "=", "exp", "log", "sqrt", "floor", "if", "lag", "stock"}

func (o Op) String() string { return opNames[o] }

// Node is one operation of the graph. Nodes are shared: two equal operations are the same node.
type Node struct {
	ID      int
	Op      Op
	Shape   Shape
	X, Y, Z *Node
	Series  []float64 // OpValue: one value, or one per month from 0 to the horizon
	Input   int       // OpInput: index into Graph.Inputs
	Lag     int       // OpLag
}

// Value returns the constant of a node of shape Constant made by Graph.Constant or by folding.
func (n *Node) Value() (float64, bool) {
	if n.Op == OpValue && len(n.Series) == 1 {
		return n.Series[0], true
	}
	return 0, false
}

// Input is an uncertain quantity.
type Input struct {
	ID   string
	Dist dist.Dist
}

// Pair correlates two inputs by their rank correlation.
type Pair struct {
	I, J int
	Rho  float64
}

// Line is one cost or benefit: a flow of money per month, both groups positive.
type Line struct {
	ID      string
	Benefit bool
	Flow    *Node
}

// Graph is a compiled case: months 0 to Horizon, discount factors, inputs and lines. Asking it for Terms or Affine adds nodes, so it
// is for one goroutine at a time.
type Graph struct {
	Horizon  int
	Discount []float64 // factor of each month, len Horizon+1
	// Period is the number of months between two looks at the cumulative flow: 1, or 12 where timing is yearly.
	Period int
	Inputs []Input
	Pairs  []Pair
	Lines  []Line

	nodes    []*Node
	intern   map[string]*Node
	terms    map[*Node][]Term
	straight map[*Node]straight
}

// New makes an empty graph over months 0 to horizon.
func New(horizon int, discount []float64, period int) *Graph {
	return &Graph{Horizon: horizon, Discount: discount, Period: period, intern: map[string]*Node{}, terms: map[*Node][]Term{}, straight: map[*Node]straight{}}
}

// Nodes lists all nodes; operands come before the operations that use them.
func (g *Graph) Nodes() []*Node { return g.nodes }

// Cells is how many values one draw needs: one of each node that varies by draw, one a month of those that vary by month
// too.
func (g *Graph) Cells() int {
	cells := 0
	for _, n := range g.nodes {
		switch n.Shape {
		case PerDraw:
			cells++
		case PerCell:
			cells += g.Horizon + 1
		}
	}
	return cells
}

func (g *Graph) add(n *Node) *Node {
	var b strings.Builder
	id := func(x *Node) int {
		if x == nil {
			return -1
		}
		return x.ID
	}
	fmt.Fprintf(&b, "%d %d %d %d %d %d", n.Op, id(n.X), id(n.Y), id(n.Z), n.Input, n.Lag)
	for _, v := range n.Series {
		fmt.Fprintf(&b, " %x", math.Float64bits(v))
	}
	key := b.String()
	if have, ok := g.intern[key]; ok {
		return have
	}
	n.ID = len(g.nodes)
	g.nodes = append(g.nodes, n)
	g.intern[key] = n
	return n
}

// Constant makes a constant.
func (g *Graph) Constant(v float64) *Node {
	return g.add(&Node{Op: OpValue, Shape: Constant, Series: []float64{v}})
}

// Series makes a known value per month; its length is Horizon+1. A series that does not vary is a constant.
func (g *Graph) Series(v []float64) *Node {
	if !slices.ContainsFunc(v, func(x float64) bool { return x != v[0] }) {
		return g.Constant(v[0])
	}
	return g.add(&Node{Op: OpValue, Shape: Monthly, Series: slices.Clone(v)})
}

// Month makes the series 0, 1, 2, … Horizon.
func (g *Graph) Month() *Node {
	s := make([]float64, g.Horizon+1)
	for m := range s {
		s[m] = float64(m)
	}
	return g.Series(s)
}

// Window makes the series that is 1 from month from to month to, else 0.
func (g *Graph) Window(from, to int) *Node {
	s := make([]float64, g.Horizon+1)
	for m := max(0, from); m <= min(to, g.Horizon); m++ {
		s[m] = 1
	}
	return g.Series(s)
}

// AddInput adds an uncertain input and returns its node.
func (g *Graph) AddInput(id string, d dist.Dist) *Node {
	g.Inputs = append(g.Inputs, Input{ID: id, Dist: d})
	return g.add(&Node{Op: OpInput, Shape: PerDraw, Input: len(g.Inputs) - 1})
}

// Apply makes an operation on one, two or three nodes. What is known now is computed now.
func (g *Graph) Apply(op Op, args ...*Node) *Node {
	n := &Node{Op: op}
	shape := Constant
	for i, a := range args {
		shape |= a.Shape
		switch i {
		case 0:
			n.X = a
		case 1:
			n.Y = a
		case 2:
			n.Z = a
		}
	}
	if op == OpStock {
		shape |= Monthly
	}
	n.Shape = shape
	if shape&PerDraw == 0 {
		return g.fold(n)
	}
	x, xConst := n.X.Value()
	y, yConst := 0.0, false
	if n.Y != nil {
		y, yConst = n.Y.Value()
	}
	switch {
	case op == OpAdd && xConst && x == 0, op == OpMul && xConst && x == 1, op == OpIf && xConst && x != 0:
		return n.Y
	case op == OpIf && xConst:
		return n.Z
	case op == OpAdd && yConst && y == 0, op == OpSub && yConst && y == 0, op == OpMul && yConst && y == 1,
		op == OpDiv && yConst && y == 1, op == OpPow && yConst && y == 1:
		return n.X
	case op == OpMul && (xConst && x == 0 || yConst && y == 0):
		return g.Constant(0)
	case op == OpPow && yConst && y == 0:
		return g.Constant(1)
	case op == OpPow && yConst && y == 0.5:
		return g.Apply(OpSqrt, n.X)
	case op == OpPow && yConst && y == 2:
		return g.Apply(OpMul, n.X, n.X)
	}
	if (op == OpAdd || op == OpMul) && n.X.ID > n.Y.ID {
		n.X, n.Y = n.Y, n.X // one form for both orders, so that equal products are found
	}
	return g.add(n)
}

// LagBy makes x of months ago, 0 before month 0.
func (g *Graph) LagBy(x *Node, months int) *Node {
	if months == 0 {
		return x
	}
	if months > g.Horizon {
		return g.Constant(0)
	}
	n := &Node{Op: OpLag, Shape: x.Shape | Monthly, X: x, Lag: months}
	if x.Shape&PerDraw == 0 {
		return g.fold(n)
	}
	return g.add(n)
}

// Delay starts every line a number of months later. The horizon stays, so that the flows of the last months fall out.
// Discount factors of months stay those of the calendar.
func (g *Graph) Delay(months int) {
	for i := range g.Lines {
		g.Lines[i].Flow = g.LagBy(g.Lines[i].Flow, months)
	}
}

// fold computes a node whose operands are all known.
func (g *Graph) fold(n *Node) *Node {
	values := make([]float64, g.Horizon+1)
	stock := 0.0
	at := func(x *Node, m int) float64 {
		if x == nil {
			return 0
		}
		if len(x.Series) == 1 {
			return x.Series[0]
		}
		return x.Series[m]
	}
	for m := range values {
		if n.Op == OpLag {
			if m >= n.Lag {
				values[m] = at(n.X, m-n.Lag)
			}
			continue
		}
		values[m] = combine(n.Op, at(n.X, m), at(n.Y, m), at(n.Z, m), stock)
		if n.Op == OpStock && m == 0 {
			values[m] = 0
		}
		stock = values[m]
	}
	if n.Shape == Constant {
		return g.Constant(values[0])
	}
	return g.Series(values)
}

// Combine is the meaning of every operation on numbers that looks at one month only.
func Combine(op Op, x, y, z float64) float64 { return combine(op, x, y, z, 0) }

// combine is Combine with last month's value of OpStock.
func combine(op Op, x, y, z, stock float64) float64 {
	switch op {
	case OpAdd:
		return x + y
	case OpSub:
		return x - y
	case OpMul:
		return x * y
	case OpDiv:
		return x / y
	case OpPow:
		return math.Pow(x, y)
	case OpMin:
		return min(x, y)
	case OpMax:
		return max(x, y)
	case OpLess:
		return truth(x < y)
	case OpLessEq:
		return truth(x <= y)
	case OpEqual:
		return truth(x == y)
	case OpExp:
		return math.Exp(x)
	case OpLog:
		return math.Log(x)
	case OpSqrt:
		return math.Sqrt(x)
	case OpFloor:
		return math.Floor(x)
	case OpIf:
		if x != 0 {
			return y
		}
		return z
	case OpStock:
		keep := stock * (1 - y)
		return keep + x
	}
	panic("plan: no such operation: " + op.String())
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Evaluate computes the flow of every line in every month for one set of inputs, the plain way: flows[line][month].
// It is the meaning of the graph; package sim must agree with it.
func (g *Graph) Evaluate(inputs []float64) [][]float64 {
	// last[n] is the last node that reads n, len(nodes) where a line does; −1 is nobody. What has no reader left is let go,
	// so that memory holds what is in use, not the whole graph.
	last := make([]int, len(g.nodes))
	for i := range last {
		last[i] = -1
	}
	for _, l := range g.Lines {
		last[l.Flow.ID] = len(g.nodes)
	}
	for i := len(g.nodes) - 1; i >= 0; i-- {
		if n := g.nodes[i]; last[i] >= 0 {
			for _, x := range n.operands() {
				last[x.ID] = max(last[x.ID], i)
			}
		}
	}
	values := make([][]float64, len(g.nodes))
	for i, n := range g.nodes {
		if last[i] < 0 {
			continue
		}
		values[i] = g.evaluate(n, values, inputs)
		for _, x := range n.operands() {
			if last[x.ID] == i {
				values[x.ID] = nil
			}
		}
	}
	flows := make([][]float64, len(g.Lines))
	for i, l := range g.Lines {
		flows[i] = slices.Clone(values[l.Flow.ID])
	}
	return flows
}

// EvaluateNodes computes every node in every month for one set of inputs: values[node][month].
func (g *Graph) EvaluateNodes(inputs []float64) [][]float64 {
	values := make([][]float64, len(g.nodes))
	for i, n := range g.nodes {
		values[i] = g.evaluate(n, values, inputs)
	}
	return values
}

// operands are the nodes that n reads.
func (n *Node) operands() []*Node {
	all := [...]*Node{n.X, n.Y, n.Z}
	k := 0
	for k < len(all) && all[k] != nil {
		k++
	}
	return all[:k]
}

// evaluate computes one node in every month from the values of its operands.
func (g *Graph) evaluate(n *Node, values [][]float64, inputs []float64) []float64 {
	v := make([]float64, g.Horizon+1)
	at := func(x *Node, m int) float64 {
		if x == nil {
			return 0
		}
		return values[x.ID][m]
	}
	for m := range v {
		switch n.Op {
		case OpValue:
			v[m] = n.Series[min(m, len(n.Series)-1)]
		case OpInput:
			v[m] = inputs[n.Input]
		case OpLag:
			if m >= n.Lag {
				v[m] = at(n.X, m-n.Lag)
			}
		case OpStock:
			if m > 0 {
				v[m] = combine(n.Op, at(n.X, m), at(n.Y, m), 0, v[m-1])
			}
		default:
			v[m] = combine(n.Op, at(n.X, m), at(n.Y, m), at(n.Z, m), 0)
		}
	}
	return v
}

// Medians returns the median of every input.
func (g *Graph) Medians() []float64 {
	m := make([]float64, len(g.Inputs))
	for i, in := range g.Inputs {
		m[i] = in.Dist.Quantile(0.5)
	}
	return m
}
