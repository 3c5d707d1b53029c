#include "textflag.h"

// The loops that take most of a run's time, four draws at once. Each does the same operations in the same order as
// its counterpart in kernel.go, without fused multiply-add, so the bits are the same; TestKernels compares them.
// n is a multiple of four and positive.

// func logisticStepAVX2(dst, e, ratio, pv *float64, n int, d float64)
TEXT ·logisticStepAVX2(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ e+8(FP), SI
	MOVQ ratio+16(FP), DX
	MOVQ pv+24(FP), BX
	MOVQ n+32(FP), CX
	VBROADCASTSD d+40(FP), Y7
	MOVQ $0x3ff0000000000000, AX
	VMOVQ AX, X6
	VBROADCASTSD X6, Y6
	XORQ AX, AX
logistic:
	VMOVUPD (SI)(AX*8), Y0
	VMULPD (DX)(AX*8), Y0, Y0
	VMOVUPD Y0, (SI)(AX*8)
	VADDPD Y6, Y0, Y1
	VDIVPD Y1, Y6, Y2
	VMOVUPD Y2, (DI)(AX*8)
	VMULPD Y7, Y2, Y3
	VADDPD (BX)(AX*8), Y3, Y3
	VMOVUPD Y3, (BX)(AX*8)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT logistic
	VZEROUPPER
	RET

// func trackAVX2(cum, net, low, even *float64, n int, month, months float64)
TEXT ·trackAVX2(SB), NOSPLIT, $0-56
	MOVQ cum+0(FP), DI
	MOVQ net+8(FP), SI
	MOVQ low+16(FP), DX
	MOVQ even+24(FP), BX
	MOVQ n+32(FP), CX
	VBROADCASTSD month+40(FP), Y7
	VBROADCASTSD months+48(FP), Y8
	MOVQ $0x3d719799812dea11, AX // 1e-12, see nothing in kernel.go
	VMOVQ AX, X9
	VBROADCASTSD X9, Y9
	XORQ AX, AX
track:
	VMOVUPD (DI)(AX*8), Y0
	VADDPD (SI)(AX*8), Y0, Y2
	VMOVUPD Y2, (DI)(AX*8)
	VMINPD (DX)(AX*8), Y2, Y3
	VMOVUPD Y3, (DX)(AX*8)
	VMULPD Y9, Y3, Y3
	VSUBPD Y3, Y0, Y0
	VSUBPD Y3, Y2, Y2
	VANDNPD Y0, Y2, Y4 // sign bit set: below zero before, not below now
	VMOVMSKPD Y4, R8
	TESTL R8, R8
	JNZ trackCross
trackNext:
	ADDQ $4, AX
	CMPQ AX, CX
	JLT track
	VZEROUPPER
	RET
trackCross:
	VSUBPD Y0, Y2, Y5
	VDIVPD Y5, Y2, Y5
	VMULPD Y8, Y5, Y5
	VSUBPD Y5, Y7, Y5
	VMOVUPD (BX)(AX*8), Y6
	VBLENDVPD Y4, Y5, Y6, Y6
	VMOVUPD Y6, (BX)(AX*8)
	JMP trackNext

// func trackOneAVX2(cum, fixed, total, curve, low, even *float64, n int, month float64)
TEXT ·trackOneAVX2(SB), NOSPLIT, $0-64
	MOVQ cum+0(FP), DI
	MOVQ fixed+8(FP), SI
	MOVQ total+16(FP), R9
	MOVQ curve+24(FP), R10
	MOVQ low+32(FP), DX
	MOVQ even+40(FP), BX
	MOVQ n+48(FP), CX
	VBROADCASTSD month+56(FP), Y7
	MOVQ $0x3d719799812dea11, AX // 1e-12, see nothing in kernel.go
	VMOVQ AX, X9
	VBROADCASTSD X9, Y9
	XORQ AX, AX
trackOne:
	VMOVUPD (DI)(AX*8), Y0
	VMOVUPD (R9)(AX*8), Y1
	VMULPD (R10)(AX*8), Y1, Y1
	VADDPD (SI)(AX*8), Y1, Y1
	VADDPD Y1, Y0, Y2
	VMOVUPD Y2, (DI)(AX*8)
	VMINPD (DX)(AX*8), Y2, Y3
	VMOVUPD Y3, (DX)(AX*8)
	VMULPD Y9, Y3, Y3
	VSUBPD Y3, Y0, Y0
	VSUBPD Y3, Y2, Y2
	VANDNPD Y0, Y2, Y4
	VMOVMSKPD Y4, R8
	TESTL R8, R8
	JNZ trackOneCross
trackOneNext:
	ADDQ $4, AX
	CMPQ AX, CX
	JLT trackOne
	VZEROUPPER
	RET
trackOneCross:
	VSUBPD Y0, Y2, Y5
	VDIVPD Y5, Y2, Y5
	VSUBPD Y5, Y7, Y5
	VMOVUPD (BX)(AX*8), Y6
	VBLENDVPD Y4, Y5, Y6, Y6
	VMOVUPD Y6, (BX)(AX*8)
	JMP trackOneNext

// func countAVX2(bins *uint32, v *float64, n int, low, scale, last float64)
TEXT ·countAVX2(SB), NOSPLIT, $0-48
	MOVQ bins+0(FP), DI
	MOVQ v+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSD low+24(FP), Y7
	VBROADCASTSD scale+32(FP), Y6
	VBROADCASTSD last+40(FP), Y5
	VXORPD Y4, Y4, Y4
	XORQ AX, AX
count:
	VMOVUPD (SI)(AX*8), Y0
	VSUBPD Y7, Y0, Y0
	VMULPD Y6, Y0, Y0
	VMAXPD Y4, Y0, Y0
	VMINPD Y5, Y0, Y0
	VCVTTPD2DQY Y0, X0
	VMOVQ X0, R8
	VPEXTRQ $1, X0, R9
	MOVL R8, R10
	SHRQ $32, R8
	MOVL R9, R11
	SHRQ $32, R9
	INCL (DI)(R10*4)
	INCL (DI)(R8*4)
	INCL (DI)(R11*4)
	INCL (DI)(R9*4)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT count
	VZEROUPPER
	RET

// func extremesAVX2(v *float64, n int, low, high *float64)
TEXT ·extremesAVX2(SB), NOSPLIT, $0-32
	MOVQ v+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ low+16(FP), DI
	MOVQ high+24(FP), DX
	VMOVUPD (SI), Y0
	VMOVUPD Y0, Y1
	MOVQ $4, AX
	JMP extremesTest
extremesNext:
	VMOVUPD (SI)(AX*8), Y2
	VMINPD Y2, Y0, Y0
	VMAXPD Y2, Y1, Y1
	ADDQ $4, AX
extremesTest:
	CMPQ AX, CX
	JLT extremesNext
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, (DX)
	VZEROUPPER
	RET

// func skipAVX2(v *float64, n int, low, scale, last float64, wanted *bool) int
TEXT ·skipAVX2(SB), NOSPLIT, $0-56
	MOVQ v+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSD low+16(FP), Y7
	VBROADCASTSD scale+24(FP), Y6
	VBROADCASTSD last+32(FP), Y5
	MOVQ wanted+40(FP), DI
	VXORPD Y4, Y4, Y4
	XORQ AX, AX
skip:
	VMOVUPD (SI)(AX*8), Y0
	VSUBPD Y7, Y0, Y0
	VMULPD Y6, Y0, Y0
	VMAXPD Y4, Y0, Y0
	VMINPD Y5, Y0, Y0
	VCVTTPD2DQY Y0, X0
	VMOVQ X0, R8
	VPEXTRQ $1, X0, R9
	MOVL R8, R10
	SHRQ $32, R8
	MOVL R9, R11
	SHRQ $32, R9
	MOVBLZX (DI)(R10*1), R12
	ORB (DI)(R8*1), R12
	ORB (DI)(R11*1), R12
	ORB (DI)(R9*1), R12
	TESTB R12, R12
	JNZ skipped
	ADDQ $4, AX
	CMPQ AX, CX
	JLT skip
skipped:
	MOVQ AX, ret+48(FP)
	VZEROUPPER
	RET

// func mulAVX2(dst, x, y *float64, n int)
TEXT ·mulAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	XORQ AX, AX
mul:
	VMOVUPD (SI)(AX*8), Y0
	VMULPD (DX)(AX*8), Y0, Y0
	VMOVUPD Y0, (DI)(AX*8)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT mul
	VZEROUPPER
	RET

// func addAVX2(dst, x, y *float64, n int)
TEXT ·addAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	XORQ AX, AX
add:
	VMOVUPD (SI)(AX*8), Y0
	VADDPD (DX)(AX*8), Y0, Y0
	VMOVUPD Y0, (DI)(AX*8)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT add
	VZEROUPPER
	RET

// func addProductAVX2(dst, x, y *float64, n int)
TEXT ·addProductAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	XORQ AX, AX
addProduct:
	VMOVUPD (SI)(AX*8), Y0
	VMULPD (DX)(AX*8), Y0, Y0
	VADDPD (DI)(AX*8), Y0, Y0
	VMOVUPD Y0, (DI)(AX*8)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT addProduct
	VZEROUPPER
	RET

// func mulNumberAVX2(dst, x *float64, n int, y float64)
TEXT ·mulNumberAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSD y+24(FP), Y7
	XORQ AX, AX
mulNumber:
	VMOVUPD (SI)(AX*8), Y0
	VMULPD Y7, Y0, Y0
	VMOVUPD Y0, (DI)(AX*8)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT mulNumber
	VZEROUPPER
	RET

// func addNumberAVX2(dst, x *float64, n int, y float64)
TEXT ·addNumberAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSD y+24(FP), Y7
	XORQ AX, AX
addNumber:
	VMOVUPD (SI)(AX*8), Y0
	VADDPD Y7, Y0, Y0
	VMOVUPD Y0, (DI)(AX*8)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT addNumber
	VZEROUPPER
	RET

// func addScaledAVX2(dst, x *float64, n int, y float64)
TEXT ·addScaledAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSD y+24(FP), Y7
	XORQ AX, AX
addScaled:
	VMOVUPD (SI)(AX*8), Y0
	VMULPD Y7, Y0, Y0
	VADDPD (DI)(AX*8), Y0, Y0
	VMOVUPD Y0, (DI)(AX*8)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT addScaled
	VZEROUPPER
	RET

// func numberDivAVX2(dst, x *float64, n int, y float64)
TEXT ·numberDivAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSD y+24(FP), Y7
	XORQ AX, AX
numberDiv:
	VMOVUPD (SI)(AX*8), Y0
	VDIVPD Y0, Y7, Y0
	VMOVUPD Y0, (DI)(AX*8)
	ADDQ $4, AX
	CMPQ AX, CX
	JLT numberDiv
	VZEROUPPER
	RET
