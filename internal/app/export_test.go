package app

// JointDraws and AddIndependent are what a portfolio's distribution is made of, for the tests.
const JointDraws = jointDraws

var AddIndependent = addIndependent
