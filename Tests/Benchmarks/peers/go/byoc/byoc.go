// Package byoc holds what the load and the bridge of the messaging rows share: what a Matrix homeserver and CXone say and hear, the sign-in
// to CXone, and HTTP clients that keep their connections.
package byoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Client keeps as many connections as requests may be in flight.
func Client(timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout, Transport: &http.Transport{MaxIdleConns: 8192, MaxIdleConnsPerHost: 8192}}
}

// SignIn asks CXone for a token by the access key of the environment.
func SignIn(client *http.Client) (string, error) {
	form := url.Values{"grant_type": {"password"}, "username": {"AKIDCAUSEWAY"}, "password": {os.Getenv("ACCESS_KEY_SECRET")}}
	request, err := http.NewRequest("POST", os.Getenv("CXONE")+"/auth/token", bytes.NewBufferString(form.Encode()))
	if err != nil {
		return "", err
	}
	request.SetBasicAuth("causeway-app", os.Getenv("CLIENT_SECRET"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := Exchange(client, request, &answer); err != nil {
		return "", err
	}
	return answer.AccessToken, nil
}

// Exchange sends a request and decodes a 2xx answer.
func Exchange(client *http.Client, request *http.Request, answer any) error {
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return &Status{response.StatusCode, response.Header.Get("Retry-After")}
	}
	if answer == nil || len(body) == 0 {
		return nil
	}
	return json.Unmarshal(body, answer)
}

// Status is an answer that is no success.
type Status struct {
	Code       int
	RetryAfter string
}

func (s *Status) Error() string { return fmt.Sprintf("status %d", s.Code) }

// Message is what CXone's create message takes.
type Message struct {
	ID        string  `json:"idOnExternalPlatform"`
	Direction string  `json:"direction"`
	Created   string  `json:"createdAtWithMilliseconds"`
	Thread    Thread  `json:"thread"`
	Content   Content `json:"messageContent"`
	Author    Person  `json:"authorEndUserIdentity"`
}

// Thread is named by the platform.
type Thread struct {
	ID string `json:"idOnExternalPlatform"`
}

// Person is the contact.
type Person struct {
	ID        string `json:"idOnExternalPlatform"`
	FirstName string `json:"firstName,omitempty"`
}

// Content is a text.
type Content struct {
	Type    string `json:"type"`
	Payload struct {
		Text string `json:"text"`
	} `json:"payload"`
}

// NewMessage makes an inbound text.
func NewMessage(id, thread, person, text string) Message {
	message := Message{ID: id, Direction: "inbound", Created: Now(), Thread: Thread{thread}, Author: Person{ID: person}}
	message.Content.Type = "TEXT"
	message.Content.Payload.Text = text
	return message
}

// Now as CXone writes times.
func Now() string { return time.Now().UTC().Format(layout) }

const layout = "2006-01-02T15:04:05.000-07:00"

// Event is one message of a homeserver's transaction.
type Event struct {
	Type    string       `json:"type"`
	ID      string       `json:"event_id"`
	Room    string       `json:"room_id"`
	Sender  string       `json:"sender"`
	Time    int64        `json:"origin_server_ts"`
	Content EventContent `json:"content"`
}

// EventContent is a text.
type EventContent struct {
	Kind string `json:"msgtype"`
	Body string `json:"body"`
}

type transaction struct {
	Events []Event `json:"events"`
}

// Transaction is the homeserver's request with one message, to the bridge at base.
func Transaction(base, id, room, text string) (*http.Request, error) {
	event := Event{"m.room.message", "$" + id, room, "@person:bench.example", time.Now().UnixMilli(), EventContent{"m.text", text}}
	body, err := json.Marshal(transaction{[]Event{event}})
	if err != nil {
		return nil, err
	}
	return put(base+"/_matrix/app/v1/transactions/"+id, os.Getenv("HS_TOKEN"), body)
}

// ReadTransaction gives the message of a transaction as CXone wants it.
func ReadTransaction(body []byte) (Message, error) {
	var read transaction
	if err := json.Unmarshal(body, &read); err != nil {
		return Message{}, err
	}
	if len(read.Events) != 1 || read.Events[0].Type != "m.room.message" {
		return Message{}, errors.New("not one message")
	}
	event := read.Events[0]
	message := NewMessage(event.ID, event.Room, event.Sender, event.Content.Body)
	message.Created = time.UnixMilli(event.Time).UTC().Format(layout)
	return message, nil
}

// Delivery is what the bridge asks of the homeserver at base.
func Delivery(base, id, room, text string) (*http.Request, error) {
	body, err := json.Marshal(EventContent{"m.text", text})
	if err != nil {
		return nil, err
	}
	return put(base+"/_matrix/client/v3/rooms/"+url.PathEscape(room)+"/send/m.room.message/"+id, os.Getenv("AS_TOKEN"), body)
}

func put(address, token string, body []byte) (*http.Request, error) {
	request, err := http.NewRequest("PUT", address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	return request, nil
}
