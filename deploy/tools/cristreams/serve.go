package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// What the first byte of a connection asks for. Every answer begins with it.
const (
	modeEcho    = 'e' // says everything again
	modeFlood   = 'f' // sends for ever
	modeStall   = 's' // reads no more
	modeReceive = 'r' // takes a length and as many bytes, answers with their SHA-256
	modeSend    = 'g' // takes a length, sends as many bytes and their SHA-256
)

func serve(port int) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	fmt.Println("listening")
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			if err := answer(conn); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}()
	}
}

func answer(conn net.Conn) error {
	mode := []byte{0}
	if _, err := io.ReadFull(conn, mode); err != nil {
		return err
	}
	if _, err := conn.Write(mode); err != nil {
		return err
	}
	switch mode[0] {
	case modeEcho:
		_, err := io.Copy(conn, conn)
		return err
	case modeFlood:
		block := bytes.Repeat(mode, 64*1024)
		for {
			if _, err := conn.Write(block); err != nil {
				return err
			}
		}
	case modeStall:
		// The end of the connection shows when it is written to.
		for {
			time.Sleep(100 * time.Millisecond)
			if _, err := conn.Write(mode); err != nil {
				return err
			}
		}
	case modeReceive:
		length, err := readLength(conn)
		if err != nil {
			return err
		}
		digest := sha256.New()
		if _, err := io.CopyN(digest, conn, length); err != nil {
			return err
		}
		_, err = conn.Write(digest.Sum(nil))
		return err
	case modeSend:
		length, err := readLength(conn)
		if err != nil {
			return err
		}
		sum, err := sendBlocks(conn, length)
		if err != nil {
			return err
		}
		_, err = conn.Write(sum)
		return err
	default:
		return fmt.Errorf("no such mode: %q", mode)
	}
}

func readLength(from io.Reader) (int64, error) {
	length := make([]byte, 8)
	_, err := io.ReadFull(from, length)
	return int64(binary.BigEndian.Uint64(length)), err
}

// sendBlocks sends random bytes, each block different from the others, and returns their SHA-256.
func sendBlocks(to io.Writer, length int64) ([]byte, error) {
	block := make([]byte, 1<<20)
	if _, err := rand.Read(block); err != nil {
		return nil, err
	}
	digest := sha256.New()
	both := io.MultiWriter(to, digest)
	for count := uint64(0); length > 0; count++ {
		binary.BigEndian.PutUint64(block, count)
		part := block[:min(length, int64(len(block)))]
		if _, err := both.Write(part); err != nil {
			return nil, err
		}
		length -= int64(len(part))
	}
	return digest.Sum(nil), nil
}

// transfer sends to a server and receives from it, and compares what both have seen.
func transfer(address string, length int64) error {
	for _, mode := range []byte{modeReceive, modeSend} {
		start := time.Now()
		if err := transferOne(address, mode, length); err != nil {
			return fmt.Errorf("%q: %w", mode, err)
		}
		seconds := time.Since(start).Seconds()
		fmt.Printf("%q: %d bytes in %.1f s, %.0f MiB/s\n", mode, length, seconds,
			float64(length)/(1<<20)/seconds)
	}
	return nil
}

func transferOne(address string, mode byte, length int64) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	head := binary.BigEndian.AppendUint64([]byte{mode}, uint64(length))
	if _, err := conn.Write(head); err != nil {
		return err
	}
	echoed := []byte{0}
	if _, err := io.ReadFull(conn, echoed); err != nil {
		return err
	}
	digest := sha256.New()
	var mine []byte
	if mode == modeReceive {
		if mine, err = sendBlocks(conn, length); err != nil {
			return err
		}
	} else {
		if _, err := io.CopyN(digest, conn, length); err != nil {
			return err
		}
		mine = digest.Sum(nil)
	}
	theirs := make([]byte, sha256.Size)
	if _, err := io.ReadFull(conn, theirs); err != nil {
		return err
	}
	if !bytes.Equal(mine, theirs) {
		return errors.New("the checksums differ")
	}
	return nil
}
