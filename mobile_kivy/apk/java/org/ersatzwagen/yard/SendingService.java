package org.ersatzwagen.yard;

import android.app.Notification;
import android.app.NotificationChannel;
import android.app.NotificationManager;
import android.app.Service;
import android.content.Context;
import android.content.Intent;
import android.content.pm.ServiceInfo;
import android.os.IBinder;

/** Does nothing but say that the app is at work: as long as it runs, Android lets the app's own thread send. */
public final class SendingService extends Service {
    private static final String CHANNEL = "sending";

    @Override
    public int onStartCommand(Intent intent, int flags, int startId) {
        String title = intent == null ? null : intent.getStringExtra("title");
        String words = intent == null ? null : intent.getStringExtra("words");
        NotificationManager shade = (NotificationManager) getSystemService(Context.NOTIFICATION_SERVICE);
        shade.createNotificationChannel(new NotificationChannel(CHANNEL, title, NotificationManager.IMPORTANCE_LOW));
        Notification shown = new Notification.Builder(this, CHANNEL).setContentTitle(title).setContentText(words)
                .setSmallIcon(android.R.drawable.stat_sys_upload).setOngoing(true).build();
        startForeground(1, shown, ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC);
        // Not sticky: a process that was killed comes back with nothing to send in it; the app sends when it is opened.
        return START_NOT_STICKY;
    }

    /** Android 15 allows six hours a day, and kills an app that goes on after that. No annotation: older ones lack it. */
    public void onTimeout(int startId, int type) {
        stopSelf();
    }

    @Override
    public IBinder onBind(Intent intent) {
        return null;
    }
}
