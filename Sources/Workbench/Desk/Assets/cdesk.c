#include "cdesk.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// A new file stands twice: here, and in the table below.
static const unsigned char desk_html[] = {
#embed "desk.html"
};
static const unsigned char desk_css[] = {
#embed "desk.css"
};
static const unsigned char desk_js[] = {
#embed "desk.js"
};
static const unsigned char icon_svg[] = {
#embed "icon.svg"
};
static const unsigned char phone_css[] = {
#embed "phone.css"
};
static const unsigned char phone_js[] = {
#embed "phone.js"
};
static const unsigned char phone_app_js[] = {
#embed "phone-app.js"
};
static const unsigned char phone_audio_js[] = {
#embed "phone-audio.js"
};
static const unsigned char phone_faults_js[] = {
#embed "phone-faults.js"
};
static const unsigned char phone_script_js[] = {
#embed "phone-script.js"
};
static const unsigned char phone_talk_js[] = {
#embed "phone-talk.js"
};
static const unsigned char phone_view_js[] = {
#embed "phone-view.js"
};
static const unsigned char agents_css[] = {
#embed "agents.css"
};
static const unsigned char agents_js[] = {
#embed "agents.js"
};
static const unsigned char agents_setup_js[] = {
#embed "agents-setup.js"
};
static const unsigned char agents_faults_js[] = {
#embed "agents-faults.js"
};
static const unsigned char hole_css[] = {
#embed "hole.css"
};
static const unsigned char hole_js[] = {
#embed "hole.js"
};
static const unsigned char inspector_css[] = {
#embed "inspector.css"
};
static const unsigned char inspector_js[] = {
#embed "inspector.js"
};
static const unsigned char fidelity_js[] = {
#embed "fidelity.js"
};

// The table of what is simulated how well: its one source is the simulator's page.
static const unsigned char fidelity_md[] = {
#embed "../../../Simulator/README.md"
};

// For the sample settings of `make run`, so that StandardBot's tests have an agent that passes them.
static const unsigned char standard_bot[] = {
#embed "../../../VirtualAgents/Scripted/Examples/standard-bot.bot"
};

#define FILE(name, array) { name, array, sizeof array }
static const cdesk_entry files[] = {
    FILE("desk.html", desk_html), FILE("desk.css", desk_css), FILE("desk.js", desk_js), FILE("icon.svg", icon_svg),
    FILE("phone.css", phone_css), FILE("phone.js", phone_js),
    FILE("phone-app.js", phone_app_js), FILE("phone-audio.js", phone_audio_js), FILE("phone-faults.js", phone_faults_js),
    FILE("phone-script.js", phone_script_js), FILE("phone-talk.js", phone_talk_js), FILE("phone-view.js", phone_view_js),
    FILE("agents.css", agents_css), FILE("agents.js", agents_js),
    FILE("hole.css", hole_css), FILE("hole.js", hole_js), FILE("inspector.css", inspector_css), FILE("inspector.js", inspector_js),
    FILE("agents-setup.js", agents_setup_js), FILE("agents-faults.js", agents_faults_js), FILE("fidelity.js", fidelity_js), FILE("fidelity.md", fidelity_md),
    FILE("standard-bot.bot", standard_bot),
};

size_t cdesk_count(void) { return sizeof files / sizeof *files; }
cdesk_entry cdesk_file(size_t index) { return files[index]; }
