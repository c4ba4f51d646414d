package android.app;

import android.content.Context;

public class Notification {
    public CharSequence title, text;
    public int icon;
    public boolean ongoing;
    public String channel;

    public static class Builder {
        private final Notification made = new Notification();
        public Builder(Context context, String channel) { made.channel = channel; }
        public Builder setContentTitle(CharSequence title) { made.title = title; return this; }
        public Builder setContentText(CharSequence text) { made.text = text; return this; }
        public Builder setSmallIcon(int icon) { made.icon = icon; return this; }
        public Builder setOngoing(boolean ongoing) { made.ongoing = ongoing; return this; }
        public Notification build() { return made; }
    }
}
