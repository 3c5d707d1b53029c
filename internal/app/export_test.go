package app

// JointDraws and AddIndependent are what a portfolio's distribution is made of, for the tests.
const JointDraws = jointDraws

var AddIndependent = addIndependent

// Hold keeps imports waiting until release is called.
func (d *Data) Hold() (release func()) {
	d.writing.Lock()
	return d.writing.Unlock
}

// Sweep clears away what nobody wants any more.
func (d *Data) Sweep() { d.sweep() }

// Folder is where uploads lie.
func (d *Data) Folder() string { return d.dir }
