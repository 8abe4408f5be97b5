// Loads one side of a bridge between a messaging platform and CXone, and prints what it measured as one JSON object (microseconds).
//
//	byoc-load create   messages straight into CXONE, as the bridge posts them
//	byoc-load inbound  a Matrix homeserver's transactions to URL
//	byoc-load platform what the bridge sends to the homeserver, straight to URL
//	byoc-load outbound CXone's callbacks to URL, with a token from TOKEN_URL
//	byoc-load burst    transactions at a rate, whatever the answers; each thread in order, again after a refusal until it is taken
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"peers/byoc"
)

var (
	connections = flag.Int("c", 1, "requests in flight")
	seconds     = flag.Float64("seconds", 3, "how long to begin new ones")
	rate        = flag.Int("rate", 1000, "messages a second of a burst")
	threads     = flag.Int("threads", 400, "threads of a burst")
	run         = flag.String("run", strconv.FormatInt(time.Now().UnixNano(), 36), "makes ids differ from other runs")
)

var (
	client  = byoc.Client(30 * time.Second)
	address = os.Getenv("URL")
	token   string
)

func main() {
	mode := os.Args[1]
	flag.CommandLine.Parse(os.Args[2:])
	var err error
	switch mode {
	case "create":
		token, err = byoc.SignIn(client)
		address = os.Getenv("CXONE") + "/dfo/3.0/channels/" + os.Getenv("CHANNEL") + "/messages"
	case "outbound":
		token, err = callbackToken()
	case "inbound", "platform", "burst":
	default:
		log.Fatalf("no mode %s", mode)
	}
	if err != nil {
		log.Fatal(err)
	}
	if mode == "burst" {
		burst()
		return
	}
	closedLoop(map[string]func(id, thread string) (*http.Request, error){
		"create": create, "inbound": inbound, "platform": platform, "outbound": outbound,
	}[mode])
}

// Every connection has a thread of its own and sends one after another.
func closedLoop(make func(id, thread string) (*http.Request, error)) {
	var lock sync.Mutex
	var all []time.Duration
	var failures int64
	var last atomic.Value
	end := time.Now().Add(time.Duration(*seconds * float64(time.Second)))
	var group sync.WaitGroup
	began := time.Now()
	for number := 0; number < *connections; number++ {
		group.Add(1)
		go func(number int) {
			defer group.Done()
			var times []time.Duration
			thread := room(number)
			for count := 0; time.Now().Before(end); count++ {
				id := fmt.Sprintf("%s-%d-%d", *run, number, count)
				start := time.Now()
				if err := send(make, id, thread); err != nil {
					atomic.AddInt64(&failures, 1)
					last.Store(err.Error())
					continue
				}
				// The first one opens the connection and the thread.
				if count > 0 {
					times = append(times, time.Since(start))
				}
			}
			lock.Lock()
			all = append(all, times...)
			lock.Unlock()
		}(number)
	}
	group.Wait()
	reason, _ := last.Load().(string)
	print(map[string]any{
		"requests": len(all), "microseconds": time.Since(began).Microseconds(), "p50": quantile(all, 0.5), "p99": quantile(all, 0.99),
		"most": quantile(all, 1), "errors": failures, "reason": reason,
	})
}

type waiting struct {
	id   string
	made time.Time
}

func burst() {
	total := int(float64(*rate) * *seconds)
	queues := make([]chan waiting, *threads)
	var attempts, refused, broken int64
	var lock sync.Mutex
	var waits []time.Duration
	var group sync.WaitGroup
	began := time.Now()
	for number := range queues {
		queues[number] = make(chan waiting, total)
		group.Add(1)
		go func(number int) {
			defer group.Done()
			thread := room(number)
			for message := range queues[number] {
				for {
					atomic.AddInt64(&attempts, 1)
					err := send(inbound, message.id, thread)
					if err == nil {
						break
					}
					pause := time.Second
					if status, ok := err.(*byoc.Status); ok {
						atomic.AddInt64(&refused, 1)
						if told, err := strconv.Atoi(status.RetryAfter); err == nil && told > 0 {
							pause = time.Duration(told) * time.Second
						}
					} else {
						atomic.AddInt64(&broken, 1)
					}
					time.Sleep(pause)
				}
				lock.Lock()
				waits = append(waits, time.Since(message.made))
				lock.Unlock()
			}
		}(number)
	}
	for count := 0; count < total; count++ {
		time.Sleep(time.Until(began.Add(time.Duration(count) * time.Second / time.Duration(*rate))))
		queues[count%*threads] <- waiting{fmt.Sprintf("%s-%d", *run, count), time.Now()}
	}
	produced := time.Since(began)
	for _, queue := range queues {
		close(queue)
	}
	group.Wait()
	print(map[string]any{
		"messages": total, "produced": produced.Microseconds(), "microseconds": time.Since(began).Microseconds(), "attempts": attempts,
		"refused": refused, "broken": broken, "p50": quantile(waits, 0.5), "p99": quantile(waits, 0.99), "most": quantile(waits, 1),
	})
}

// MARK: Requests

func room(number int) string { return fmt.Sprintf("!%s%d:bench.example", *run, number) }

func send(make func(id, thread string) (*http.Request, error), id, thread string) error {
	request, err := make(id, thread)
	if err != nil {
		return err
	}
	return byoc.Exchange(client, request, nil)
}

func create(id, thread string) (*http.Request, error) {
	return authorized(byoc.NewMessage(id, thread, "@person:bench.example", "Did anyone find my umbrella?"))
}

func inbound(id, thread string) (*http.Request, error) {
	return byoc.Transaction(address, id, thread, "Did anyone find my umbrella?")
}

func platform(id, thread string) (*http.Request, error) {
	return byoc.Delivery(address, id, thread, "We found it.")
}

func outbound(id, thread string) (*http.Request, error) {
	return authorized(map[string]any{
		"brand": map[string]any{"id": 9001}, "thread": map[string]any{"idOnExternalPlatform": thread},
		"messageContent":           map[string]any{"type": "TEXT", "payload": map[string]any{"text": "We found it. " + id}},
		"endUserRecipients":        []any{map[string]any{"idOnExternalPlatform": "@person:bench.example", "isPrimary": true, "isPrivate": true}},
		"isReplyToSpecificMessage": false, "attachments": []any{},
	})
}

func authorized(value any) (*http.Request, error) {
	request, err := http.NewRequest("POST", address, bytes.NewReader(encoded(value)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	return request, nil
}

func callbackToken() (string, error) {
	body := encoded(map[string]string{
		"grant_type": "client_credentials", "client_id": "cxone", "client_secret": os.Getenv("BYOC_SECRET")})
	request, err := http.NewRequest("POST", os.Getenv("TOKEN_URL"), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	err = byoc.Exchange(client, request, &answer)
	return answer.AccessToken, err
}

func encoded(value any) []byte {
	body, err := json.Marshal(value)
	if err != nil {
		log.Fatal(err)
	}
	return body
}

func quantile(times []time.Duration, part float64) int64 {
	if len(times) == 0 {
		return 0
	}
	sort.Slice(times, func(a, b int) bool { return times[a] < times[b] })
	return times[int(part*float64(len(times)-1))].Microseconds()
}

func print(value any) { fmt.Println(string(encoded(value))) }
