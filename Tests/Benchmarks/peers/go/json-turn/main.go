// Reads a turn and writes its answer COUNT times; prints nanoseconds a turn.
//
//	json-turn FILE COUNT
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"peers/turn"
)

func main() {
	body, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	agent := turn.NewAgent()
	begun := time.Now()
	for i := 0; i < count; i++ {
		if _, err := agent.Respond(body); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(time.Since(begun).Nanoseconds() / int64(count))
}
