package main

import (
	"encoding/binary"
	"io"
	"net"
)

// binaryHead begins a binary message of a client. A mask of zeros leaves the payload as it is.
func binaryHead(size int) []byte {
	head := []byte{0x82}
	switch {
	case size < 126:
		head = append(head, 0x80|byte(size))
	case size < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 0xfe), uint16(size))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 0xff), uint64(size))
	}
	return append(head, 0, 0, 0, 0)
}

// readMessage reads one frame of a server; the end of the WebSocket is the end of the file.
func readMessage(in io.Reader) ([]byte, error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, err
	}
	size := uint64(head[1] & 0x7f)
	if more := map[uint64]int{126: 2, 127: 8}[size]; more > 0 {
		long := make([]byte, 8)
		if _, err := io.ReadFull(in, long[8-more:]); err != nil {
			return nil, err
		}
		size = binary.BigEndian.Uint64(long)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(in, content); err != nil {
		return nil, err
	}
	if head[0]&0xf == 8 {
		return nil, io.EOF
	}
	return content, nil
}

// tunnel carries bytes in binary messages, wherever those begin and end.
type tunnel struct {
	conn net.Conn
	in   io.Reader
	rest []byte
}

func (t *tunnel) Read(into []byte) (int, error) {
	for len(t.rest) == 0 {
		content, err := readMessage(t.in)
		if err != nil {
			return 0, err
		}
		t.rest = content
	}
	count := copy(into, t.rest)
	t.rest = t.rest[count:]
	return count, nil
}

func (t *tunnel) Write(data []byte) (int, error) {
	if _, err := t.conn.Write(append(binaryHead(len(data)), data...)); err != nil {
		return 0, err
	}
	return len(data), nil
}
