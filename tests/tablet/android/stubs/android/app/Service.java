package android.app;

import android.content.Context;
import android.content.Intent;
import android.os.IBinder;

public abstract class Service extends Context {
    public static final int START_NOT_STICKY = 2, STOP_FOREGROUND_REMOVE = 1;
    public Notification shown;
    public int shownAs, stopped;

    public void onCreate() {}
    public int onStartCommand(Intent intent, int flags, int startId) { return 1; }
    public void onTimeout(int startId, int type) {}
    public abstract IBinder onBind(Intent intent);
    public final void startForeground(int id, Notification notification, int type) { shown = notification; shownAs = type; }
    public final void stopForeground(int behaviour) { shown = null; }
    public final void stopSelf() { stopped++; }
}
